/**
 * The kinds of durable work, as plain data: what people call them and how the engine treats them. The code behind a
 * kind is in the file of its name beside this one.
 */
export interface JobKindEntry {
  /** Stable identifier, lower-case kebab; stands in `jobs.kind`. */
  readonly name: string;
  readonly description: string;
  /** Jobs of this kind that one process works on at the same time. */
  readonly concurrency: number;
  /** Jobs of a larger priority are dispatched first. */
  readonly priority: number;
  /** Longest time of one attempt in milliseconds; null = no limit. */
  readonly deadlineMs: number | null;
  /**
   * How often the job is begun, if each time its process dies, and the pause after the first death in milliseconds; the
   * next pauses are ten times as long. It takes an idempotency key, unless the job is a part of another one: without
   * it the job is INTERRUPTED, because a client that asks again would get a second result. Null = it is INTERRUPTED,
   * keeps what it has written, and a person resumes it.
   */
  readonly retry: { readonly attempts: number; readonly pauseMs: number } | null;
  /** Where it is worked on: on the host that accepted it if that has its files, or on any host that has them. */
  readonly place: 'here' | 'anywhere';
  /** GraphQL type of the node that it works on; null = it brings in something new. */
  readonly subject: 'ArchitectureSearch' | 'Checkpoint' | 'Collection' | 'Dataset' | 'Model' | 'Run' | 'Suite' | null;
  /** GraphQL type of the node that `resultId` names. */
  readonly result: 'Checkpoint' | 'Collection' | 'Dataset' | 'Evaluation' | 'FusionSearch' | 'Model' | 'Suite';
}

const hour = 3_600_000;
/** Work that a caller waits for; a day is far beyond what any of it takes, so that only work that hangs is ended. */
const ordinary = {
  concurrency: 4,
  priority: 10,
  deadlineMs: 24 * hour,
  retry: { attempts: 3, pauseMs: 1_000 },
  place: 'here',
  subject: null,
} as const;

export const jobKindCatalog = [
  { ...ordinary, name: 'import-dataset', description: 'Imports a data set.', result: 'Dataset' },
  {
    ...ordinary,
    name: 'create-model',
    description: 'Makes a model from scratch, with a vocabulary of its own.',
    result: 'Model',
  },
  {
    ...ordinary,
    name: 'import-model',
    description: 'Takes over a model from a folder or from a hub.',
    result: 'Model',
  },
  {
    ...ordinary,
    name: 'derive-model',
    description: 'Makes a model with other heads or another pooling of the weights of one.',
    subject: 'Model',
    result: 'Model',
  },
  {
    ...ordinary,
    name: 'evaluate',
    description: 'Evaluates a checkpoint or the baseline.',
    subject: 'Dataset',
    result: 'Evaluation',
  },
  {
    ...ordinary,
    name: 'evaluate-suite',
    description: 'Evaluates a checkpoint or the baseline on a suite.',
    subject: 'Suite',
    result: 'Suite',
  },
  {
    ...ordinary,
    name: 'fuse',
    description: 'Fuses checkpoints into a new one.',
    subject: 'Model',
    result: 'Checkpoint',
  },
  {
    ...ordinary,
    name: 'search-fusion',
    description: 'Searches for the best fusion of checkpoints.',
    concurrency: 1,
    priority: 5,
    deadlineMs: null,
    place: 'anywhere',
    subject: 'Model',
    result: 'FusionSearch',
  },
  {
    ...ordinary,
    name: 'embed-collection',
    description: "Embeds a collection's documents.",
    subject: 'Collection',
    result: 'Collection',
  },
  {
    ...ordinary,
    name: 'export-checkpoint',
    description: 'Writes a checkpoint to a folder.',
    subject: 'Checkpoint',
    result: 'Checkpoint',
  },
  {
    name: 'search-architecture',
    description: 'Searches over architectures: trains candidates in rungs and keeps the best of each.',
    concurrency: 4,
    priority: 10,
    deadlineMs: null,
    retry: null,
    place: 'anywhere',
    subject: 'ArchitectureSearch',
    result: 'Checkpoint',
  },
  {
    name: 'train',
    description: 'Trains: the work of a run.',
    concurrency: 1,
    priority: 0,
    deadlineMs: null,
    retry: null,
    place: 'anywhere',
    subject: 'Run',
    result: 'Checkpoint',
  },
] as const satisfies readonly JobKindEntry[];

export type JobKind = (typeof jobKindCatalog)[number]['name'];
