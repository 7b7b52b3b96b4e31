/** The selection kernel of exact search: see shaders/search/select*.wgsl for how it works. */
import type { Gpu, Tensor } from '../device/types.ts';
import { forWidth, inForms } from './forms.ts';

const topKKernels = inForms(
  {
    name: 'topk_select',
    bindings: { inScores: 'read', inRows: 'read', outScores: 'write', outRows: 'write' },
    params: {
      queries: 'u32',
      segments: 'u32',
      segmentLength: 'u32',
      width: 'u32',
      inPitch: 'u32',
      inOffset: 'u32',
      fromList: 'u32',
      firstRow: 'u32',
      k: 'u32',
      sortSize: 'u32',
      outPitch: 'u32',
      outOffset: 'u32',
    },
  },
  (form) => ({
    shader: `search/select_${form}.wgsl`,
    include: [...(form === 'row' ? [] : ['common/lanes_workgroup.wgsl']), 'search/select.wgsl'],
  }),
);

/** Candidates of each query: scores, and rows where they are lists that this kernel made. */
export interface Lists {
  readonly scores: Tensor;
  readonly rows: Tensor;
}

export interface SelectCall {
  readonly queries: number;
  readonly k: number;
  readonly from: Lists;
  readonly to: Lists;
  /** Candidates of a query, cut into `segments` of `segmentLength`. */
  readonly width: number;
  readonly segments: number;
  readonly segmentLength: number;
  /** Elements from a query's candidates to the next query's, and to its first candidate. */
  readonly inPitch: number;
  readonly inOffset: number;
  /** True = the candidates carry their rows; false = they are the scores of rows firstRow, firstRow + 1, ... */
  readonly fromList: boolean;
  readonly firstRow: number;
  /** Where a query's segments go, k elements each. */
  readonly outPitch: number;
  readonly outOffset: number;
}

/** Records the selection of the k best of each segment of each query's candidates, best first, ties by smaller row. */
export function select(gpu: Gpu, { from, to, fromList, ...sizes }: SelectCall): void {
  const { width, segmentLength, inPitch, inOffset } = sizes;
  const { kernel } = forWidth(topKKernels, gpu.traits.form, width, segmentLength, inPitch, inOffset);
  gpu.dispatch(kernel, {
    bindings: { inScores: from.scores, inRows: from.rows, outScores: to.scores, outRows: to.rows },
    params: { ...sizes, fromList: fromList ? 1 : 0, sortSize: 2 ** Math.ceil(Math.log2(sizes.k)) },
    grid: [sizes.queries * sizes.segments],
  });
}

export const searchKernels = [...Object.values(topKKernels)] as const;
