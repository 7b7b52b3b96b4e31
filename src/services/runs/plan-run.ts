/** planRun: what a run would do and take, without starting it. */
import type { AdapterReport } from '../../device/types.ts';
import type { Tandem } from '../tandem.ts';
import { requireOptimizerState } from './origin.ts';
import type { ReadyRun } from './run-request.ts';
import { inStage, type RunRequest, readyRuns } from './stages.ts';
import type { RunPlan } from './types.ts';

/** Tokenises what is not tokenised yet (kept for the runs), then asks the device thread. */
export async function planRun(tandem: Tandem, request: RunRequest, signal: AbortSignal): Promise<RunPlan> {
  const [first, ...later] = await readyRuns(tandem, request);
  await requireOptimizerState(tandem.database.db, first);
  const plan = await planOf(tandem, first, signal);
  const stages: RunPlan[] = [];
  for (const [i, stage] of later.entries()) stages.push(await inStage(i, () => planOf(tandem, stage, signal)));
  return { ...plan, stages };
}

async function planOf(tandem: Tandem, ready: ReadyRun, signal: AbortSignal): Promise<RunPlan> {
  const tokenized = await Promise.all(ready.datasets.map(({ row }) => tokenize(tandem, ready, row.digest, signal)));
  const { settings, model } = ready;
  const datasets = ready.datasets.map(({ row, weight, losses }, i) => ({
    ...{ name: row.name, task: row.task, weight, digest: row.digest },
    tokens: tokenized[i]?.key ?? '',
    ...(losses && { losses }),
  }));
  const plan = await tandem.jobs.device.call('plan', { model: model.digest, settings, datasets }, { signal });
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

function tokenize({ jobs }: Tandem, { model, settings }: ReadyRun, dataset: string, signal: AbortSignal) {
  const { maxLength, missingNegatives } = settings;
  return jobs.cpu.call('tokenizeDataset', { dataset, model: model.digest, maxLength, missingNegatives }, { signal });
}

function deviceOf({ jobs }: Tandem): AdapterReport {
  const [device] = jobs.devices();
  if (device === undefined) throw new Error('no device thread runs');
  return device;
}
