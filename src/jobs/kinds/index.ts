/** The code behind the catalog's names: every kind of durable work there is. */
import type { AnswerOf } from '../define.ts';
import type { JobKind } from './catalog.ts';
import { createModel } from './create-model.ts';
import { deriveModel } from './derive-model.ts';
import { embedCollection } from './embed-collection.ts';
import { evaluate } from './evaluate.ts';
import { evaluateSuite } from './evaluate-suite.ts';
import { exportCheckpoint } from './export-checkpoint.ts';
import { fuse } from './fuse.ts';
import { importDataset } from './import-dataset.ts';
import { importModel } from './import-model.ts';
import { searchArchitecture } from './search-architecture.ts';
import { searchFusion } from './search-fusion.ts';
import { train } from './train.ts';

export const jobKinds = {
  'import-dataset': importDataset,
  'create-model': createModel,
  'import-model': importModel,
  'derive-model': deriveModel,
  evaluate,
  'evaluate-suite': evaluateSuite,
  fuse,
  'search-fusion': searchFusion,
  'embed-collection': embedCollection,
  'export-checkpoint': exportCheckpoint,
  'search-architecture': searchArchitecture,
  train,
} satisfies Readonly<Record<JobKind, unknown>>;

export type JobAnswers = { readonly [Kind in JobKind]: AnswerOf<(typeof jobKinds)[Kind]> };
