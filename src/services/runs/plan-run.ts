/** planRun: what a run would do and take, without starting it. */
import type { AdapterReport } from '../../device/types.ts';
import { teacherTokensRequest } from '../../jobs/training/teacher-tokens.ts';
import type { Tandem } from '../tandem.ts';
import { requireOptimizerState } from './origin.ts';
import type { ReadyRun } from './run-request.ts';
import { inStage, type RunRequest, readyRuns } from './stages.ts';
import type { RunPlan } from './types.ts';

/** Tokenises what is not tokenised yet (kept for the runs), then asks the device thread. */
export async function planRun(tandem: Tandem, request: RunRequest, signal: AbortSignal): Promise<RunPlan> {
  const [first, ...later] = await readyRuns(tandem, request, signal);
  await requireOptimizerState(tandem.database.db, first);
  const plan = await planOf(tandem, first, signal);
  const stages: RunPlan[] = [];
  for (const [i, stage] of later.entries()) stages.push(await inStage(i, () => planOf(tandem, stage, signal)));
  return { ...plan, stages };
}

async function planOf(tandem: Tandem, ready: ReadyRun, signal: AbortSignal): Promise<RunPlan> {
  const tokenized = await Promise.all(ready.datasets.map((dataset) => tokenize(tandem, ready, dataset, signal)));
  const { settings, model, teacher } = ready;
  const datasets = ready.datasets.map(({ row, weight, losses }, i) => ({
    ...{ name: row.name, task: row.task, weight, digest: row.digest },
    tokens: tokenized[i]?.key ?? '',
    ...(tokenized[i]?.teacher && { teacherTokens: tokenized[i].teacher.key }),
    ...(losses && { losses }),
  }));
  const input = { model: model.digest, settings, datasets, ...(teacher && { teacher: teacher.checkpoint.digest }) };
  const plan = await tandem.jobs.device.call('plan', input, { signal });
  const shares = ready.datasets.map(({ row }, i) => {
    const batch = plan.batchSizes[row.name] ?? 0;
    const { tokens = 0, texts: distinct = 0 } = tokenized[i] ?? {};
    const batchesPerEpoch = plan.batches[row.name] ?? 0;
    const tokensPerBatch = distinct === 0 ? 0 : Math.round(((plan.texts[row.name] ?? 0) * tokens) / distinct);
    return { datasetId: row.id, batchesPerEpoch, recordsPerEpoch: batchesPerEpoch * batch, tokensPerBatch };
  });
  const { steps, updatesPerEpoch, batchesPerUpdate } = plan;
  const batches = shares.reduce((sum, share) => sum + share.batchesPerEpoch, 0);
  const perEpoch = shares.reduce((sum, share) => sum + share.batchesPerEpoch * share.tokensPerBatch, 0);
  return {
    steps,
    epochs: steps / updatesPerEpoch,
    updatesPerEpoch,
    batchesPerUpdate,
    datasets: shares,
    // Where an update has several batches, those that are left at the end of an epoch are dropped.
    tokens: Math.round((perEpoch / batches) * batchesPerUpdate * steps),
    parameters: plan.parameters,
    memory: plan.memory,
    device: deviceOf(tandem),
    stages: [],
  };
}

/** As the model reads it and, where a term needs one, the teacher. */
async function tokenize(
  { jobs }: Tandem,
  { model, settings, teacher }: ReadyRun,
  { row: dataset, losses }: ReadyRun['datasets'][number],
  signal: AbortSignal,
) {
  const { maxLength, missingNegatives } = settings;
  const own = { dataset: dataset.digest, model: model.digest, maxLength, missingNegatives };
  const taught = teacherTokensRequest(settings, teacher, { dataset, losses });
  return {
    ...(await jobs.cpu.call('tokenizeDataset', own, { signal })),
    teacher: taught && (await jobs.cpu.call('tokenizeDataset', taught, { signal })),
  };
}

function deviceOf({ jobs }: Tandem): AdapterReport {
  const [device] = jobs.devices();
  if (device === undefined) throw new Error('no device thread runs');
  return device;
}
