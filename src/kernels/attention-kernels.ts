/**
 * The attention kernels as data: one set of four for each head size, form (attention-tiles.ts) and choice of dropout,
 * mask and shared keys. attention.ts runs them.
 */

import type { KernelForm, KernelSpec } from '../device/types.ts';
import { badInput } from '../errors.ts';
import { type HeadSize, headSizes, rowLanes, workgroupTiles } from './attention-tiles.ts';

const forwardBindings = {
  q: 'read',
  k: 'read',
  v: 'read',
  cumulative: 'read',
  sampleOfToken: 'read',
  out: 'write',
  logSumExp: 'write',
} as const;
const forwardParams = {
  tokens: 'u32',
  texts: 'u32',
  heads: 'u32',
  scale: 'f32',
  seed: 'u32',
  stream: 'u32',
  threshold: 'u32',
  keepScale: 'f32',
  keyHeads: 'u32',
  before: 'u32',
  after: 'u32',
  quads: 'u32',
} as const;
const rowsBindings = { out: 'read', dOut: 'read', logSumExp: 'read', sampleOfToken: 'read', rows: 'write' } as const;
const rowsParams = { tokens: 'u32', heads: 'u32', seed: 'u32', stream: 'u32', quads: 'u32' } as const;
const backwardReads = {
  q: 'read',
  k: 'read',
  v: 'read',
  dOut: 'read',
  rows: 'read',
  cumulative: 'read',
} as const;
const backwardParams = {
  tokens: 'u32',
  texts: 'u32',
  heads: 'u32',
  scale: 'f32',
  threshold: 'u32',
  keepScale: 'f32',
  keyHeads: 'u32',
  before: 'u32',
  after: 'u32',
  quads: 'u32',
} as const;

export const groupSumKernel = {
  name: 'attention_group_sum',
  shader: 'attention/group_sum.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { parts: 'read', out: 'write' },
  // count: vectors of four channels in `out`, T * G * D / 4; width: D / 4; group: H / G.
  params: { count: 'u32', width: 'u32', group: 'u32' },
} as const satisfies KernelSpec;

export const resizeHeadsKernel = {
  name: 'attention_resize_heads',
  shader: 'attention/resize_heads.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { x: 'read', out: 'write' },
  // count: T * H * wanted; held, wanted: channels of a head in x and in out.
  params: { count: 'u32', held: 'u32', wanted: 'u32' },
} as const satisfies KernelSpec;

/** What an attention kernel may leave out. */
interface Options {
  readonly dropout: boolean;
  readonly masked: boolean;
  readonly grouped: boolean;
}

/** What of a model's use (./index.ts) decides its attention kernels. */
interface AttentionUse {
  readonly headSize: number;
  readonly masks: readonly boolean[];
  readonly grouped: boolean;
  readonly dropout: boolean;
  readonly training: boolean;
}

/** What differs between the two forms: headers, rows of a workgroup, workgroups. */
function shapeOf(size: HeadSize, form: KernelForm) {
  if (form === 'row') {
    const header = `const D = ${size}u;\nconst LANES = ${rowLanes}u;`;
    const rows = rowLanes * 4;
    // Every text has its own blocks: shaders/attention/common_row.wgsl.
    const blocks = (tokens: number, texts: number): number => Math.floor(tokens / rows) + texts;
    return { forwardHeader: header, backwardHeader: header, blocks };
  }
  const { rows, parts, forwardTile, backwardTile } = workgroupTiles[size];
  const header = (tile: number): string =>
    `const D = ${size}u;\nconst ROWS = ${rows}u;\nconst PARTS = ${parts}u;\nconst TILE = ${tile}u;`;
  const blocks = (tokens: number, _texts: number): number => Math.ceil(tokens / rows);
  return { forwardHeader: header(forwardTile), backwardHeader: header(backwardTile), blocks };
}

/** The four kernels of one head size, form and choice of options. */
function makeKernels(size: HeadSize, form: KernelForm, { dropout, masked, grouped }: Options) {
  const { forwardHeader, backwardHeader, blocks } = shapeOf(size, form);
  const rowsSuffix = `d${size}${dropout ? '_dropout' : ''}`;
  const suffix = `${rowsSuffix}${masked ? '_masked' : ''}${grouped ? '_grouped' : ''}`;
  const shared = ['common/grid.wgsl', 'common/threefry.wgsl', 'attention/dropout.wgsl'];
  const walk = (passes: readonly string[]) => [
    ...shared,
    ...passes.map((pass) => `attention/interface_${pass}.wgsl`),
    'attention/mask.wgsl',
    ...(form === 'workgroup' ? [] : ['common/threefry_four.wgsl']),
    `attention/common_${form}.wgsl`,
    ...(form === 'workgroup' ? ['attention/tiles_workgroup.wgsl'] : []),
  ];
  const ofKeys = form === 'workgroup' ? ['attention/tiles_of_keys.wgsl'] : [];
  const rowsChoice = `\nconst DROPOUT = ${dropout};`;
  const choice = `${rowsChoice}\nconst MASKED = ${masked};\nconst GROUPED = ${grouped};`;
  return {
    blocks,
    forward: {
      form,
      name: `attention_${form}_forward_${suffix}`,
      shader: `attention/forward_${form}.wgsl`,
      include: [...walk(['forward']), ...ofKeys],
      header: forwardHeader + choice,
      bindings: forwardBindings,
      params: forwardParams,
    },
    rows: {
      name: `attention_rows_${rowsSuffix}`,
      shader: 'attention/rows.wgsl',
      include: shared,
      header: `const D = ${size}u;${rowsChoice}`,
      bindings: rowsBindings,
      params: rowsParams,
    },
    backwardQuery: {
      form,
      name: `attention_${form}_query_${suffix}`,
      shader: `attention/query_${form}.wgsl`,
      include: [...walk(['backward', 'query']), ...ofKeys],
      header: backwardHeader + choice,
      bindings: { ...backwardReads, dQ: 'write' },
      params: backwardParams,
    },
    backwardKey: {
      form,
      name: `attention_${form}_key_${suffix}`,
      shader: `attention/key_${form}.wgsl`,
      include: walk(['backward', 'key']),
      header: backwardHeader + choice,
      bindings: { ...backwardReads, dK: 'write', dV: 'write' },
      params: backwardParams,
    },
  } as const;
}

const made = new Map<string, ReturnType<typeof makeKernels>>();

export function kernelsFor(size: HeadSize, form: KernelForm, options: Options): ReturnType<typeof makeKernels> {
  const key = `${size} ${form} ${options.dropout} ${options.masked} ${options.grouped}`;
  let kernels = made.get(key);
  if (kernels === undefined) {
    kernels = makeKernels(size, form, options);
    made.set(key, kernels);
  }
  return kernels;
}

/** The kernels that a model with such attention runs on devices of a form. */
export function attentionKernelsOf(
  { headSize, masks, grouped, dropout, training }: AttentionUse,
  form: KernelForm,
): KernelSpec[] {
  const size = kernelSizeOf(headSize);
  const filled = size === headSize ? [] : [resizeHeadsKernel];
  return masks.flatMap((masked) => {
    const { forward, rows, backwardQuery, backwardKey } = kernelsFor(size, form, { dropout, masked, grouped });
    if (!training) return [forward, ...filled];
    return [forward, rows, backwardQuery, backwardKey, ...(grouped ? [groupSumKernel] : []), ...filled];
  });
}

/** The size that a head of `size` channels is computed in: the smallest with kernels that holds it. */
export function kernelSizeOf(size: number): HeadSize {
  const found = headSizes.find((candidate) => candidate >= size);
  if (found === undefined || !Number.isInteger(size) || size < 1) {
    throw badInput(`A head size of ${size} has no attention kernel`, {
      field: 'heads',
      expected: `width / heads is a whole number, at most ${headSizes.at(-1)}`,
      remedy: 'Choose another number of heads or another width.',
    });
  }
  return found;
}

const choices = [true, false];

/** Every kernel that can run anywhere. */
export const attentionKernels: readonly KernelSpec[] = [
  resizeHeadsKernel,
  ...headSizes.flatMap((headSize) =>
    (['row', 'workgroup'] as const).flatMap((form) =>
      choices.flatMap((dropout) =>
        choices.flatMap((grouped) =>
          attentionKernelsOf({ headSize, masks: choices, grouped, dropout, training: true }, form),
        ),
      ),
    ),
  ),
];
