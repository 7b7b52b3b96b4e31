/** A real server of dist/ on the CPU, started once for all files, with a tiny model that nobody trained. */
import {
  CreateModelDocument,
  createClient,
  ImportDatasetDocument,
  SetCheckpointAliasDocument,
  type TandemClient,
} from 'tandem-client';
import type { TestProject } from 'vitest/node';
import { startServer } from './own-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's address. */
    readonly url: string;
    /** The alias of a checkpoint. */
    readonly alias: string;
  }
}

export default async function start(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  try {
    project.provide('url', server.url);
    project.provide('alias', await makeModel(createClient({ url: server.url })));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server.stop;
}

/** A model from scratch; the alias of its checkpoint. */
export async function makeModel(client: TandemClient): Promise<string> {
  const dataset = await importDataset(client);
  const { createModel } = await client.execute(CreateModelDocument, {
    input: {
      name: 'tiny',
      vocabularyFrom: [dataset],
      vocabularySize: 100,
      maxLength: 24,
      architecture: { layers: 1, width: 16, heads: 2, innerWidth: 32, maxPositions: 32 },
    },
  });
  const { checkpoint } = createModel.model;
  await client.execute(SetCheckpointAliasDocument, { input: { checkpoint: checkpoint.id, alias: 'tiny' } });
  return 'tiny';
}

/** A few pairs, of whose words the model's vocabulary is made. */
async function importDataset(client: TandemClient): Promise<string> {
  const records = ['pump', 'valve', 'gear', 'belt'].map((part, i) => ({
    ...({ task: 'STS', split: i < 3 ? 'TRAIN' : 'TEST' } as const),
    query: { text: `the ${part} leaks oil` },
    positives: [{ text: { text: `this ${part} runs hot` }, score: i }],
  }));
  const input = { name: 'pairs', source: { records }, scaleLow: 0, scaleHigh: 5 };
  const { importDataset: answer } = await client.execute(ImportDatasetDocument, { input });
  return answer.dataset.id;
}
