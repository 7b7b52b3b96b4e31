/**
 * How files may spell the parameters of a family, as data. The names of catalog.ts are those that are written; what a file
 * has besides them is either another spelling, ignored, or refused.
 */

import type { EncoderFamily } from './families/catalog.ts';
import { isIgnoredTensor } from './parameters.ts';

interface Spellings {
  /** What names of a whole model with a head begin with; put before all of them or none. */
  readonly prefixes: readonly string[];
  /** Old endings of names and today's. */
  readonly endings: readonly (readonly [old: string, today: string])[];
  /** Parts that are no encoder: heads, and buffers that are computed. Names as in the file. */
  readonly ignored: RegExp;
}

const bertHeads =
  /^(cls|classifier|qa_outputs|lm_head|vocab_\w+|pre_classifier|dropout)\.|(^|\.)position_ids$|(^|\.)pooler\./;
/** `LayerNorm.gamma` and `.beta` are TensorFlow's names, in files of 2018 and 2019. */
const bertEndings = [
  ['LayerNorm.gamma', 'LayerNorm.weight'],
  ['LayerNorm.beta', 'LayerNorm.bias'],
] as const;
const decoderIgnored = /^(lm_head|score|classifier|head)\.|(^|\.)rotary_emb\.inv_freq$/;

/** Source: parameter names of transformers' models with and without heads. */
const spellings = {
  bert: { prefixes: ['bert.'], endings: bertEndings, ignored: bertHeads },
  roberta: { prefixes: ['roberta.', 'xlm-roberta.', 'camembert.'], endings: bertEndings, ignored: bertHeads },
  modernbert: { prefixes: ['model.'], endings: [], ignored: /^(head|decoder|classifier)\./ },
  decoder: { prefixes: ['model.'], endings: [], ignored: decoderIgnored },
} as const satisfies Readonly<Record<string, Spellings>>;

/** Which row a family reads. */
const rowOf: Readonly<Record<EncoderFamily, keyof typeof spellings>> = {
  bert: 'bert',
  'xlm-roberta': 'roberta',
  modernbert: 'modernbert',
  llama: 'decoder',
  qwen3: 'decoder',
};

/**
 * The parameter that a tensor of a file is, by today's name without a prefix; undefined for what nobody reads. Whether
 * there is such a parameter is the caller's to check.
 */
export function parameterName(family: EncoderFamily, name: string): string | undefined {
  const { prefixes, endings, ignored }: Spellings = spellings[rowOf[family]];
  if (ignored.test(name)) return undefined;
  const prefix = prefixes.find((text) => name.startsWith(text)) ?? '';
  const plain = name.slice(prefix.length);
  const ending = endings.find(([old]) => plain.endsWith(old));
  const today = ending ? plain.slice(0, -ending[0].length) + ending[1] : plain;
  return isIgnoredTensor(family, today) ? undefined : today;
}
