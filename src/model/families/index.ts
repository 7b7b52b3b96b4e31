/** The encoder families by name. */

import type { ArchitectureValues } from '../types.ts';
import { bert } from './bert.ts';
import { type DropoutKeys, type EncoderFamily, encoderCatalog } from './catalog.ts';
import type { Family } from './family.ts';
import { llama } from './llama.ts';
import { modernBert } from './modernbert.ts';
import { qwen3 } from './qwen3.ts';
import { xlmRoberta } from './xlm-roberta.ts';

export const families = {
  bert,
  'xlm-roberta': xlmRoberta,
  modernbert: modernBert,
  llama,
  qwen3,
} as const satisfies { readonly [Name in EncoderFamily]: Family<ArchitectureValues<Name>> };

/** Every forward pass that a family names; nn/encoders/index.ts has one for each. */
export type ForwardName = (typeof families)[EncoderFamily]['forward'];

const dropoutKeys = new Map<string, DropoutKeys>(encoderCatalog.map(({ name, dropout }) => [name, dropout]));

export const dropoutKeysOf = (name: EncoderFamily): DropoutKeys => dropoutKeys.get(name)!;

export const familyOf = (name: EncoderFamily): Family => families[name];

export const forwardOf = (name: EncoderFamily): ForwardName => families[name].forward;
