/**
 * Every kernel there is, once: a row for each list of kernels, and what of it a model runs. The test that compiles all
 * kernels and the compilation in advance both read it, so a new kernel is an entry in a list or a row here.
 */
import type { KernelForm, KernelSpec } from '../device/types.ts';
import { attentionKernels, attentionKernelsOf } from './attention-kernels.ts';
import { columnKernels } from './columns.ts';
import { elementwiseKernels } from './elementwise.ts';
import { embeddingKernels, embeddingRowsOnlyKernels } from './embedding.ts';
import { nonFiniteKernel } from './finite.ts';
import { gatedKernels } from './gated.ts';
import { pairLossKernels } from './loss.ts';
import { companionKernels } from './loss-companions.ts';
import { infonceKernels } from './loss-infonce.ts';
import { matmulKernels } from './matmul.ts';
import { noBetaKernels, normKernels } from './norm.ts';
import { optimKernels } from './optim.ts';
import { maxPoolingKernels, poolingKernels } from './pooling.ts';
import { rmsNormKernels } from './rms-norm.ts';
import { rotaryKernels } from './rotary.ts';
import { similarityKernels } from './similarity.ts';
import { tanhKernels } from './tanh.ts';
import { searchKernels } from './top-k-select.ts';

/** What a model is and is used for, as far as it decides which kernels run. */
export interface ModelUse {
  /** Channels of an attention head. */
  readonly headSize: number;
  /** Kinds of attention: masked, not masked, or both in turn. */
  readonly masks: readonly boolean[];
  /** Query heads share heads of keys and values. */
  readonly grouped: boolean;
  /** A family with rotary positions: it has no position table, gated feed-forward layers, and norms without beta. */
  readonly rotary: boolean;
  readonly maxPooling: boolean;
  /** Dense layers with tanh. */
  readonly tanh: boolean;
  readonly training: boolean;
  /** Dropout of attention weights. */
  readonly dropout: boolean;
}

interface KernelGroup {
  readonly all: readonly KernelSpec[];
  /** Those that the use of a model needs. Absent = all of them, whatever the model and the loss. */
  readonly of?: (use: ModelUse, form: KernelForm) => readonly KernelSpec[];
}

const always = (all: readonly KernelSpec[]): KernelGroup => ({ all });
const when = (all: readonly KernelSpec[], isNeeded: (use: ModelUse) => boolean): KernelGroup => ({
  all,
  of: (use) => (isNeeded(use) ? all : []),
});

const groups: readonly KernelGroup[] = [
  { all: attentionKernels, of: attentionKernelsOf },
  always(elementwiseKernels),
  always(embeddingKernels),
  // Only Matryoshka runs, and those whose losses no preset names.
  when([...columnKernels, ...companionKernels], () => false),
  when(embeddingRowsOnlyKernels, ({ rotary }) => rotary),
  when(gatedKernels, ({ rotary }) => rotary),
  always(infonceKernels),
  always(matmulKernels),
  when(maxPoolingKernels, ({ maxPooling }) => maxPooling),
  when(noBetaKernels, ({ rotary }) => rotary),
  // Only the diagnosis of a failed step runs it.
  when([nonFiniteKernel], () => false),
  always(normKernels),
  always(optimKernels),
  always(pairLossKernels),
  always(poolingKernels),
  when(rmsNormKernels, ({ rotary }) => rotary),
  when(rotaryKernels, ({ rotary }) => rotary),
  always(searchKernels),
  always(similarityKernels),
  when(tanhKernels, ({ tanh }) => tanh),
];

export const allKernels: readonly KernelSpec[] = groups.flatMap(({ all }) => all);

const ofForm =
  (form: KernelForm) =>
  (kernel: KernelSpec): boolean =>
    kernel.form === undefined || kernel.form === form;

/** What every thread with a device of that form runs sooner or later. */
export const commonKernels = (form: KernelForm): KernelSpec[] =>
  groups.flatMap(({ all, of }) => (of ? [] : all)).filter(ofForm(form));

/** What the use of a model runs besides. */
export const modelKernels = (use: ModelUse, form: KernelForm): KernelSpec[] =>
  groups.flatMap(({ of }) => of?.(use, form) ?? []).filter(ofForm(form));
