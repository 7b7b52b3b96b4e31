/** The code behind the names of the catalog. */

import type { EncoderFamily } from '../../model/families/catalog.ts';
import { bertForward } from './bert.ts';
import type { EncoderForward } from './encoder.ts';
import { llamaForward } from './llama.ts';
import { modernBertForward } from './modernbert.ts';
import { qwen3Forward } from './qwen3.ts';
import { xlmRobertaForward } from './xlm-roberta.ts';

export const encoderForwards: Readonly<Record<EncoderFamily, EncoderForward>> = {
  bert: bertForward,
  'xlm-roberta': xlmRobertaForward,
  modernbert: modernBertForward,
  llama: llamaForward,
  qwen3: qwen3Forward,
};
