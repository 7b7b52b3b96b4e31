/**
 * The dense layers of a model folder, each with a folder and a file of weights of its own: those that the tasks share,
 * then the heads (docs/architecture.md, "Heads per task"). The head of IR is the last layer of the pipeline, as another
 * program reads it; that of STS lies beside it, where no other program looks.
 */
import type { Task } from '../data/types.ts';
import { headLayer, headName } from '../model/heads.ts';
import { denseFolder, denseName, dimensionOf } from '../model/pipeline.ts';
import type { DenseLayer, ModelSpec } from '../model/types.ts';

export interface DenseFile {
  /** Below the model's folder. */
  readonly folder: string;
  readonly layer: DenseLayer;
  /** The parameter that is `linear.<part>` of its file. */
  readonly parameter: (part: 'weight' | 'bias') => string;
}

/** The folder of each task's head; null = it has none. */
export type HeadFolders = Readonly<Record<Task, string | null>>;

export const headFolders = ({ dense, heads }: Pick<ModelSpec, 'dense' | 'heads'>): HeadFolders => ({
  ir: heads.ir === 'dense' ? denseFolder(dense.length) : null,
  sts: heads.sts === 'dense' ? 'sts_Dense' : null,
});

/** The layers that every program reads: those that the tasks share, and the head of IR. */
export const pipelineFiles = (spec: ModelSpec): DenseFile[] => [
  ...spec.dense.map((layer, i) => ({
    ...{ folder: denseFolder(i), layer },
    parameter: (part: 'weight' | 'bias') => denseName(i, part),
  })),
  ...headFiles(spec, 'ir'),
];

/** All of them. */
export const denseFiles = (spec: ModelSpec): DenseFile[] => [...pipelineFiles(spec), ...headFiles(spec, 'sts')];

function headFiles(spec: ModelSpec, task: Task): DenseFile[] {
  const folder = headFolders(spec)[task];
  if (folder === null) return [];
  return [{ folder, layer: headLayer(dimensionOf(spec)), parameter: (part) => headName(task, part) }];
}
