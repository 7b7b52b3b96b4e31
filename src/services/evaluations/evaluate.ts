/** evaluateCheckpoint and evaluateBagOfWords: one job and one row per data set. */
import type { Split } from '../../data/types.ts';
import type { Transaction } from '../../db/open.ts';
import type { Use } from '../../db/schema/types.ts';
import { type DatasetRow, type EvaluationRow, evaluations, type JobRow } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import type { JobContext } from '../../jobs/jobs.ts';
import { encoderOf } from '../checkpoints/checkpoints.ts';
import type { Encoder } from '../checkpoints/types.ts';
import { requireRow } from '../common/rows.ts';
import { checkList } from '../embedding/texts.ts';
import { runJob } from '../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';

export interface EvaluateRequest {
  readonly datasetIds: readonly string[];
  readonly split: Split;
  readonly idempotencyKey?: string | null;
}

export interface Evaluated {
  readonly evaluations: EvaluationRow[];
  readonly jobs: JobRow[];
}

type Figures = Pick<
  typeof evaluations.$inferInsert,
  'task' | 'main' | 'metrics' | 'undefinedReasons' | 'count' | 'documents' | 'tokens' | 'seconds'
>;

export async function evaluateCheckpoint(
  tandem: Tandem,
  request: EvaluateRequest & { readonly checkpointId: string },
): Promise<Evaluated> {
  const encoder = await encoderOf(tandem, request.checkpointId, 'input.checkpoint');
  return evaluateEach(tandem, request, encoder, (row, context) =>
    measureCheckpoint(tandem, encoder, row, request.split, context),
  );
}

export function evaluateBagOfWords(tandem: Tandem, request: EvaluateRequest): Promise<Evaluated> {
  return evaluateEach(tandem, request, null, (row, { signal }) =>
    tandem.jobs.cpu.call('evaluateBagOfWords', { dataset: row.digest, split: request.split }, { signal }),
  );
}

async function measureCheckpoint(
  { jobs }: Tandem,
  { checkpoint, model }: Encoder,
  { digest }: DatasetRow,
  split: Split,
  { signal, progress }: JobContext,
): Promise<Figures> {
  progress({ stage: 'tokenize', done: 0, total: null });
  const request = { dataset: digest, model: model.digest, maxLength: model.maxLength };
  const tokens = await jobs.cpu.call('tokenizeDataset', request, { signal });
  const onEvent = ({ encoded, total }: { encoded: number; total: number }) =>
    progress({ stage: 'encode', done: encoded, total });
  const input = { model: checkpoint.digest, dataset: digest, tokens: tokens.key, split };
  return jobs.device.call('evaluate', input, { signal, onEvent });
}

async function evaluateEach(
  tandem: Tandem,
  { datasetIds, split, idempotencyKey }: EvaluateRequest,
  encoder: Encoder | null,
  measure: (row: DatasetRow, context: JobContext) => Promise<Figures>,
): Promise<Evaluated> {
  const rows = await datasetsOf(tandem, datasetIds, split);
  const checkpointId = encoder?.checkpoint.id ?? null;
  const evaluator = encoder === null ? 'bag-of-words' : 'checkpoint';
  const ofCheckpoint: Use[] = checkpointId === null ? [] : [{ kind: 'checkpoint', id: checkpointId }];
  const made: Evaluated = { evaluations: [], jobs: [] };
  for (const row of rows) {
    const key = idempotencyKey ? `${idempotencyKey}:${row.id}` : null;
    const input = { evaluator, checkpointId, datasetId: row.id, split };
    const uses: Use[] = [{ kind: 'dataset', id: row.id }, ...ofCheckpoint];
    const { id, job } = await runJob(tandem, 'evaluate', { input, uses, idempotencyKey: key }, async (context) => {
      const figures = await measure(row, context);
      const values = { evaluator, checkpointId, datasetId: row.id, split, ...pick(figures) } as const;
      return context.succeed((tx) => record(tx, values));
    });
    made.evaluations.push(await requireRow(tandem.database.db, 'evaluations', id));
    made.jobs.push(job);
  }
  return made;
}

const pick = ({ task, main, metrics, undefinedReasons, count, documents, tokens, seconds }: Figures): Figures => ({
  ...{ task, main, metrics, undefinedReasons, count, documents, tokens, seconds },
});

async function datasetsOf(tandem: Tandem, ids: readonly string[], split: Split): Promise<DatasetRow[]> {
  checkList(ids, tandem.config.limits, 'input.datasets');
  const rows: DatasetRow[] = [];
  for (const [i, id] of ids.entries()) {
    const field = `input.datasets.${i}`;
    const row = await requireRow(tandem.database.db, 'datasets', id, field);
    if (rows.some((other) => other.id === id)) {
      throw badInput(`Data set "${row.name}" is named twice`, {
        field,
        expected: 'each data set once',
        remedy: 'Name it once.',
      });
    }
    if (row.counts[split] === 0) {
      throw badInput(`Data set "${row.name}" has no ${split} split`, {
        field,
        expected: `a data set with ${split} records`,
        remedy: 'Name another split, or another data set.',
      });
    }
    rows.push(row);
  }
  return rows;
}

async function record(tx: Transaction, values: typeof evaluations.$inferInsert): Promise<string> {
  const [row] = await tx.insert(evaluations).values(values).returning({ id: evaluations.id });
  invariant(row, 'an insert returned nothing');
  return row.id;
}
