/** What a run drops: what it is asked to, else what the config.json of its model says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import type { NewModel } from '../../../src/db/schema/models.ts';
import { datasets } from '../../../src/db/schema.ts';
import { plainPipeline } from '../../../src/model/types.ts';
import { readyRun } from '../../../src/services/runs/run-request.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { defaultRunSettings } from '../../../src/train/catalog.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';
import { insertModel, newDataset } from '../../db/rows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

interface Rates {
  readonly dropout?: number | null;
  readonly attentionDropout?: number | null;
}

async function ratesOf(model: Partial<NewModel>, rates: Rates = {}): Promise<Rates> {
  const origin = { model: await insertModel(database.db, model), start: null };
  const [dataset] = await database.db
    .insert(datasets)
    .values(newDataset({ counts: { train: 100, dev: 0, test: 0 } }))
    .returning();
  const settings = { ...defaultRunSettings, maxLength: null, ...rates };
  const request = { datasets: [{ datasetId: dataset!.id, weight: 1 }], settings };
  const ready = await readyRun(
    { database, config: loadConfig({}) } as unknown as Tandem,
    origin,
    request,
    new AbortController().signal,
  );
  const { dropout, attentionDropout } = ready.settings;
  return { dropout, attentionDropout };
}

const pipeline = (dropout: number | null, attentionDropout: number) => ({
  pipeline: { ...plainPipeline, prompts: {}, dropout: { dropout, attentionDropout } },
});

describe('the rates of dropout of a run', () => {
  it('are those of its model', async () => {
    expect(await ratesOf(pipeline(0.3, 0.2))).toEqual({ dropout: 0.3, attentionDropout: 0.2 });
    expect(await ratesOf(pipeline(0.3, 0.2), { dropout: null })).toEqual({ dropout: 0.3, attentionDropout: 0.2 });
  });

  it('are those that it names', async () => {
    expect(await ratesOf(pipeline(0.3, 0.2), { dropout: 0 })).toEqual({ dropout: 0, attentionDropout: 0.2 });
    expect(await ratesOf(pipeline(null, 0.2), { dropout: 0.4, attentionDropout: 0 })).toEqual({
      ...{ dropout: 0.4, attentionDropout: 0 },
    });
  });

  it.each([
    ['bert', 0.1, 0.1],
    ['xlm-roberta', 0.1, 0.1],
    ['modernbert', 0, 0],
    ['llama', 0, 0],
    ['qwen3', 0, 0],
  ] as const)('are those of config.json of a %s of before 0.3.0', async (family, dropout, attentionDropout) => {
    expect(await ratesOf({ family })).toEqual({ dropout, attentionDropout });
  });

  it('are asked for where the model has several', async () => {
    await expect(ratesOf({ name: 'two rates', ...pipeline(null, 0.2) })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'The config.json of the model "two rates" has several rates of dropout, a run has one',
      details: { field: 'input.settings.dropout' },
    });
  });
});
