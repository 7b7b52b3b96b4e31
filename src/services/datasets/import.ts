/** importDataset: from a path in the import folder, from records in the request, or from the sample generator. */
import { mkdir } from 'node:fs/promises';
import { and, eq, max } from 'drizzle-orm';
import { type GivenParameters, readParameters, rowOf } from '../../catalog-parameters.ts';
import { type ImporterName, importerCatalog } from '../../data/importers/catalog.ts';
import type { DatasetSummary, Task } from '../../data/types.ts';
import type { Transaction } from '../../db/open.ts';
import { type DatasetRow, datasets, type JobRow } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import type { JobContext } from '../../jobs/jobs.ts';
import { fingerprint } from '../common/idempotency.ts';
import { confine } from '../common/import-path.ts';
import { requireRow } from '../common/rows.ts';
import { checkList } from '../embedding/texts.ts';
import { runJob } from '../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';
import { type InlineRecord, pointAtRecords, writeInlineRecords } from './inline-records.ts';

export interface ImportRequest {
  readonly name: string;
  readonly source: {
    readonly path?: string | null;
    readonly records?: readonly InlineRecord[] | null;
    readonly sample?: { readonly task: Task; readonly seed: number } | null;
  };
  readonly importer: ImporterName;
  readonly options?: GivenParameters | null;
  readonly scaleLow: number;
  readonly scaleHigh: number;
  readonly idempotencyKey?: string | null;
}

type Source =
  | {
      readonly kind: 'path';
      readonly path: string;
      readonly label: string;
      readonly content: string | null;
      readonly staged?: string;
    }
  | {
      readonly kind: 'sample';
      readonly task: Task;
      readonly seed: number;
      readonly label: string;
      readonly content: null;
    };

interface Plan {
  readonly importer: ImporterName;
  readonly options: Readonly<Record<string, number | string | boolean>>;
  readonly scale: readonly [low: number, high: number];
}

/** Imports and waits. `reused` = an equal version of this name was there already. */
export async function importDataset(
  tandem: Tandem,
  request: ImportRequest,
): Promise<{ dataset: DatasetRow; reused: boolean; job: JobRow }> {
  const plan = planOf(request);
  const source = await sourceOf(tandem, request);
  const name = request.name.trim();
  const { retention } = tandem.jobs;
  let reused: boolean | undefined;
  const { id, job } = await runJob(
    tandem,
    'import-dataset',
    { input: { name, source: source.label, content: source.content, ...plan }, idempotencyKey: request.idempotencyKey },
    (context) =>
      retention.publishing(async () => {
        const summary = await read(tandem, source, plan, context);
        const write = () =>
          context.succeed(async (tx) => {
            const recorded = await record(tx, { name, label: source.label, plan, summary });
            reused = recorded.reused;
            return recorded.id;
          });
        return retention.recording(write);
      }),
  ).finally(() => ('staged' in source && source.staged ? tandem.storage.discard(source.staged) : undefined));
  const dataset = await requireRow(tandem.database.db, 'datasets', id);
  // Where an earlier call with the same key did the work, the answer is the same as then.
  return { dataset, reused: reused ?? dataset.createdAt < job.createdAt, job };
}

function planOf({ source, importer, options, scaleLow, scaleHigh }: ImportRequest): Plan {
  if (!(Number.isFinite(scaleLow) && Number.isFinite(scaleHigh) && scaleLow < scaleHigh)) {
    throw badInput(`The scale goes from ${scaleLow} to ${scaleHigh}`, {
      field: 'input.scaleHigh',
      expected: 'scaleLow < scaleHigh',
      remedy: 'Give the lowest and the highest raw grade, for example 0 and 5.',
    });
  }
  const effective = source.records ? 'codiemb-jsonl' : importer;
  return {
    importer: effective,
    options: readParameters(rowOf(importerCatalog, effective, 'input.importer'), options ?? {}, 'input.options'),
    scale: [scaleLow, scaleHigh],
  };
}

async function sourceOf(tandem: Tandem, { source }: ImportRequest): Promise<Source> {
  if (typeof source.path === 'string') {
    const { importDir } = tandem.config;
    await mkdir(importDir, { recursive: true });
    return { kind: 'path', path: await confine(importDir, source.path), label: source.path, content: null };
  }
  if (source.records) {
    checkList(source.records, tandem.config.limits, 'input.source.records');
    const staged = await writeInlineRecords(tandem.storage, source.records);
    return {
      kind: 'path',
      path: staged.path,
      label: 'inline',
      content: fingerprint(source.records),
      staged: staged.folder,
    };
  }
  invariant(source.sample, 'a one-of input without a member');
  return {
    kind: 'sample',
    ...source.sample,
    label: `sample ${source.sample.task} seed ${source.sample.seed}`,
    content: null,
  };
}

async function read(tandem: Tandem, source: Source, plan: Plan, context: JobContext): Promise<DatasetSummary> {
  const { label: _label, content: _content, ...input } = source;
  const onEvent = ({ lines }: { lines: number }) => context.progress({ stage: 'lines', done: lines, total: null });
  try {
    return await tandem.jobs.cpu.call(
      'importDataset',
      { source: input.kind === 'path' ? { kind: 'path', path: input.path } : input, ...plan },
      { signal: context.signal, onEvent },
    );
  } catch (error) {
    throw 'staged' in source ? pointAtRecords(error) : error;
  }
}

interface Recorded {
  readonly name: string;
  readonly label: string;
  readonly plan: Plan;
  readonly summary: DatasetSummary;
}

/** The equal version of this name, or the next version. */
async function record(
  tx: Transaction,
  { name, label, plan, summary }: Recorded,
): Promise<{ id: string; reused: boolean }> {
  const [equal] = await tx
    .select({ id: datasets.id })
    .from(datasets)
    .where(and(eq(datasets.name, name), eq(datasets.digest, summary.digest)));
  if (equal) return { id: equal.id, reused: true };
  const [last] = await tx
    .select({ version: max(datasets.version) })
    .from(datasets)
    .where(eq(datasets.name, name));
  const { digest, task, bytes, counts, documentCounts, scale, ignoreIdenticalIds, warnings } = summary;
  const [made] = await tx
    .insert(datasets)
    .values({
      ...{ name, digest, task, bytes, counts, documentCounts, scale, ignoreIdenticalIds, warnings },
      version: (last?.version ?? 0) + 1,
      importer: plan.importer,
      importOptions: plan.options,
      source: label,
    })
    .returning({ id: datasets.id });
  invariant(made, 'an insert returned nothing');
  return { id: made.id, reused: false };
}
