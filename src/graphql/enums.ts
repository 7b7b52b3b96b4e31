/** GraphQL enums. Those of losses, presets, samplers, families, fusion and importers derive from the catalogs. */
import { type CatalogEntry, enumValueOf } from '../catalog.ts';
import { importerCatalog } from '../data/importers/catalog.ts';
import { samplerCatalog } from '../data/samplers/catalog.ts';
import type { Split as SplitName, Task as TaskName } from '../data/types.ts';
import type {
  CheckpointReason as CheckpointReasonName,
  ConnectionKind as ConnectionKindName,
  JobState as JobStateName,
  Role as RoleName,
  RunCause as RunCauseName,
  StageStart as StageStartName,
} from '../db/schema.ts';
import { fusionCatalog } from '../fusion/catalog.ts';
import { type CandidateOrigin as CandidateOriginName, searchStrategyCatalog } from '../fusion/search/catalog.ts';
import { type JobKind as JobKindName, jobKindCatalog } from '../jobs/kinds/catalog.ts';
import { encoderCatalog } from '../model/families/catalog.ts';
import type { HeadKind as HeadKindName, PoolingMode, TextRole as TextRoleName } from '../model/types.ts';
import { lossCatalog } from '../nn/losses/catalog.ts';
import { missingNegativesCatalog } from '../tokens/catalog.ts';
import type { OptimizerState as OptimizerStateName } from '../train/catalog.ts';
import { presetCatalog } from '../train/presets/catalog.ts';
import { builder } from './builder.ts';

/** An enum of plain names with a description each: `delta-guided` becomes DELTA_GUIDED. */
export function namedEnum<const Name extends string>(
  typeName: string,
  description: string,
  descriptions: Readonly<Record<Name, string>>,
) {
  const values = Object.entries<string>(descriptions).map(([name, text]) => [
    enumValueOf(name),
    { value: name, description: text },
  ]);
  return builder.enumType<string, Record<string, { value: Name; description: string }>>(typeName, {
    description,
    values: Object.fromEntries(values),
  });
}

/** An enum whose values are a catalog's rows. */
function catalogEnum<const Name extends string>(
  typeName: string,
  description: string,
  catalog: readonly (CatalogEntry & { readonly name: Name })[],
) {
  const rows = catalog.map((entry) => [entry.name, `${entry.title}: ${entry.description} Source: ${entry.source}.`]);
  return namedEnum<Name>(typeName, description, Object.fromEntries(rows));
}

export const Loss = catalogEnum('Loss', 'A loss that a run can be made of.', lossCatalog);
export const MissingNegatives = catalogEnum(
  'MissingNegatives',
  'What stands for the negatives of a retrieval record that has none.',
  missingNegativesCatalog,
);
export const Preset = catalogEnum('Preset', 'Settings of a run that belong together.', presetCatalog);
export const Sampler = catalogEnum('Sampler', 'How batches are drawn from data sets.', samplerCatalog);
export const EncoderFamily = catalogEnum('EncoderFamily', 'An architecture of encoders.', encoderCatalog);
export const FusionMethod = catalogEnum('FusionMethod', 'A way to fuse checkpoints.', fusionCatalog);
export const SearchStrategy = catalogEnum(
  'SearchStrategy',
  'How a search for the best fusion chooses what to try. All begin with every checkpoint as it is.',
  searchStrategyCatalog,
);
export const Importer = catalogEnum('Importer', 'A file format that can be imported.', importerCatalog);

export const Pooling = namedEnum<PoolingMode>('Pooling', "How token states become a text's vector.", {
  cls: 'The first pooled token.',
  max: 'The largest value of each channel over the pooled tokens.',
  mean: 'The mean of the pooled tokens.',
  mean_sqrt_len: 'The sum of the pooled tokens divided by the root of their number.',
  weightedmean: 'The mean weighted by position, counted from 1.',
  lasttoken: 'The last token.',
});

export const HeadKind = namedEnum<HeadKindName>('HeadKind', "What a task's head is.", {
  none: 'The task has no layer of its own.',
  dense: 'A dense layer without a bias, as wide as the vectors, which is the identity before any training.',
});

export const Task = namedEnum<TaskName>('Task', 'The task that a data set trains and measures.', {
  ir: 'Information retrieval: bring up relevant passages.',
  sts: 'Semantic textual similarity: order pairs of sentences by fine differences of meaning.',
});

export const Split = namedEnum<SplitName>('Split', 'A part of a data set.', {
  train: 'The records that runs learn from.',
  dev: 'The records for choices made while developing.',
  test: 'The records for the figures that are reported.',
});

export const TextRole = namedEnum<TextRoleName>('TextRole', 'Which prompt template of the model a text is given.', {
  query: 'A search query.',
  sts: 'A sentence of a similarity comparison.',
  passage: 'A document that is searched.',
});

export const RunState = namedEnum<JobStateName>('RunState', 'The state of a run.', {
  QUEUED: 'The run waits for the device.',
  RUNNING: 'The run is training.',
  INTERRUPTED:
    'The run was stopped with its process or by a fault from outside; resumeRun continues it from its last checkpoint.',
  CANCELLED:
    'The run was stopped by cancelRun, a checkpoint is kept if it was training; or it was a stage, and the run before it did not succeed. This state is final.',
  FAILED: 'The run ended with an error; this state is final.',
  SUCCEEDED: 'The run finished; this state is final.',
});

export const RunCause = namedEnum<RunCauseName>(
  'RunCause',
  'Why a run SUCCEEDED before it had made all planned updates.',
  { EARLY_STOPPED: 'The dev score did not rise in as many evaluations as the patience of the run says.' },
);

export const JobState = namedEnum<JobStateName>('JobState', 'The state of a job.', {
  QUEUED: 'The job waits to begin, for the first time or again; waitsFor says why.',
  RUNNING: 'The job is working.',
  INTERRUPTED:
    'The job stopped with its process and kept no result; request it again. A run that is interrupted can be resumed.',
  CANCELLED: 'The job was stopped on request, or a job that had to succeed before did not.',
  FAILED: 'The job ended with an error.',
  SUCCEEDED: 'The job finished successfully.',
});

export const JobKind = namedEnum<JobKindName>(
  'JobKind',
  'What a job does.',
  Object.fromEntries(jobKindCatalog.map(({ name, description }) => [name, description])) as Record<JobKindName, string>,
);

export const CheckpointReason = namedEnum<CheckpointReasonName>('CheckpointReason', 'Why a checkpoint was made.', {
  initial: 'The weights before the first update of a run, or of a model as it was made.',
  epoch: 'An epoch of the run ended.',
  interval: 'As many updates were made as checkpointEverySteps says.',
  best: 'An evaluation on the dev sets between two other checkpoints was the best so far.',
  stop: 'The run was stopped, on request or because its dev score did not rise.',
  fused: 'The checkpoint was made by fuseCheckpoints.',
});

export const CandidateOrigin = namedEnum<CandidateOriginName>('CandidateOrigin', 'Why a search tried a candidate.', {
  single: 'It is a checkpoint as it is.',
  default: 'It is a method with its defaults, also in two levels.',
  coordinate: 'It differs from one of the best candidates by one change.',
  random: 'It was drawn at random.',
  'greedy-soup': 'It adds a checkpoint to the soup so far.',
});

export const StageStart = namedEnum<StageStartName>(
  'StageStart',
  'Which checkpoint of the run before it a stage starts from.',
  { last: 'The last one.', best: 'The one with the highest joint score on the dev sets.' },
);

export const OptimizerState = namedEnum<OptimizerStateName>(
  'OptimizerState',
  'What AdamW begins with. The schedule, the sampler and the random numbers begin anew in any case.',
  {
    fresh: 'Moments of zero.',
    kept: 'The moments of the checkpoint that the run starts from, and the number of updates in their bias correction.',
  },
);

export const Evaluator = namedEnum('Evaluator', 'What was evaluated.', {
  checkpoint: 'A checkpoint was evaluated.',
  'bag-of-words': 'The tf-idf baseline, which needs no model.',
});

export const Role = namedEnum<RoleName>('Role', 'What a caller may do; each role may do what those before it may.', {
  viewer: 'Read everything but API keys and the audit log; embed, search and compare.',
  editor: 'Make, change and delete everything else.',
  admin: 'Make and end API keys, and read the audit log.',
});

export const ConnectionKind = namedEnum<ConnectionKindName>('ConnectionKind', 'How a request came.', {
  http: 'The request was a POST of its own.',
  'web-socket': 'The request was an operation on a WebSocket.',
  'event-stream': 'The request was an operation on an event stream that several operations share.',
});

export const DatabaseKind = namedEnum('DatabaseKind', 'Which database keeps the records.', {
  pglite: 'The embedded database (PGlite) in the data folder.',
  postgres: 'A Postgres server named by DATABASE_URL.',
});

export const AdapterType = namedEnum('AdapterType', 'What kind of device an adapter is.', {
  discrete: 'A graphics card.',
  integrated: "The processor's own graphics.",
  cpu: 'The CPU, by kernels that are compiled to WebAssembly.',
  software: 'A driver that stands in for a GPU on the CPU, which is slow.',
  unknown: 'The driver does not report the kind of device.',
});

export const OrderDirection = namedEnum('OrderDirection', 'Direction of an order.', {
  asc: 'Smallest or oldest first.',
  desc: 'Largest or newest first.',
});
