/** A server killed by SIGKILL between two checkpoints of a run with other settings than runs have by default. */
import { expect, it } from 'vitest';
import { runSettings } from '../../src/cli/quickstart/settings.ts';
import { createModel, importSample } from '../../src/cli/quickstart/steps.ts';
import {
  CreateModelDocument,
  type RunSettingsInput,
  StartRunDocument,
  type TandemClient,
} from '../../src/client/index.ts';
import { servedFolders } from './served-folders.ts';
import { digestsOf, finish, resume, runOf, untilStep } from './training.ts';

const seed = 1;
const start = servedFolders();

/** A run on search data and pairs, with a teacher where losses are given, all of which need one; its id. */
async function startRun(client: TandemClient, given: RunSettingsInput): Promise<string> {
  const data = await importSample(client, seed);
  const { id: model } = await createModel(client, data, seed);
  const settings = { ...runSettings(seed), maxBatches: 12, checkpointEverySteps: 4, ...given };
  const datasets = [{ dataset: data.ir.id }, { dataset: data.sts.id, weight: 0.5 }];
  const teacher = given.losses ? { id: await createTeacher(client, data) } : null;
  const input = { model, datasets, settings, teacher };
  return (await client.execute(StartRunDocument, { input })).startRun.runs[0]?.id ?? '';
}

/** A model of another family, width and vocabulary. */
async function createTeacher(client: TandemClient, { ir, sts }: Awaited<ReturnType<typeof importSample>>) {
  const architecture = { layers: 1, width: 48, heads: 4, innerWidth: 64, maxPositions: 64 };
  const vocabulary = { vocabularyFrom: [ir.id, sts.id], vocabularySize: 600 };
  const input = { name: 'teacher', family: 'MODERNBERT', architecture, ...vocabulary, maxLength: 64 } as const;
  return (await client.execute(CreateModelDocument, { input })).createModel.model.id;
}

it.each<[string, RunSettingsInput]>([
  ['the sampler mixed', { sampler: 'MIXED', sizeExponent: 0.5, dropout: 0.1, attentionDropout: 0.1 }],
  ['the sampler single', { sampler: 'SINGLE', equalBatchesPerTask: true, distinctTexts: true }],
  ['a teacher', { losses: { ir: [{ loss: 'GUIDED_INFONCE' }], sts: [{ loss: 'TEACHER_MATCHING' }] }, dropout: 0.1 }],
])('a run with %s, killed, ends with the same bits', async (name, given) => {
  let server = await start(`${name}-undisturbed`);
  let { client } = server;
  const whole = await startRun(client, given);
  expect((await finish(client, whole)).ended.state).toBe('SUCCEEDED');
  const undisturbed = await digestsOf(client, whole);
  await server.end('SIGKILL');

  server = await start(`${name}-killed`);
  ({ client } = server);
  const run = await startRun(client, given);
  await untilStep(client, run, 6);
  await server.end('SIGKILL');
  server = await start(`${name}-killed`);
  ({ client } = server);
  expect((await runOf(client, run)).state).toBe('INTERRUPTED');
  await resume(client, run);
  expect((await finish(client, run)).ended.state).toBe('SUCCEEDED');
  const found = await digestsOf(client, run);
  expect([found[0], found[12]]).toEqual([undisturbed[0], undisturbed[12]]);
});
