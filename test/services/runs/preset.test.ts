/** What a run takes: what it is given, else what its preset sets, else its model's own, else the default. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import type { Task } from '../../../src/data/types.ts';
import { datasets } from '../../../src/db/schema.ts';
import { plainPipeline } from '../../../src/model/types.ts';
import { type ReadyRun, type RunContent, readyRun } from '../../../src/services/runs/run-request.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { defaultRunSettings, type RunSettings } from '../../../src/train/catalog.ts';
import { type PresetEntry, type PresetName, presetCatalog } from '../../../src/train/presets/catalog.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';
import { insertModel, newDataset } from '../../db/rows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const { sampler: _s, positives: _p, negatives: _n, losses: _l, preset: _preset, ...rest } = defaultRunSettings;
const { clipNorm: _c, ...optimizer } = rest.optimizer;
/** What the API completes a request without settings to, but for the preset. */
const absent = { ...rest, optimizer, maxLength: null };

const settingsOf = async (tasks: readonly Task[], given: Partial<RunContent['settings']>): Promise<RunSettings> =>
  (await readyOf(tasks, given)).settings;

/** `own`: losses of the first data set. */
async function readyOf(
  tasks: readonly Task[],
  given: Partial<RunContent['settings']>,
  own: RunContent['datasets'][number]['losses'] = null,
  dimension = 8,
): Promise<ReadyRun> {
  const rates = { dropout: 0.3, attentionDropout: 0.2 };
  const pipeline = { ...plainPipeline, prompts: {}, dropout: rates };
  const origin = { model: await insertModel(database.db, { pipeline, dimension }), start: null };
  const counts = { train: 100, dev: 0, test: 0 };
  const rows = tasks.map((task) => newDataset({ task, counts }));
  const made = await database.db.insert(datasets).values(rows).returning();
  const request: RunContent = {
    datasets: made.map(({ id }, i) => ({ datasetId: id, weight: 1, losses: i === 0 ? own : null })),
    settings: { ...absent, ...given },
  };
  return readyRun(
    { database, config: loadConfig({}) } as unknown as Tandem,
    origin,
    request,
    new AbortController().signal,
  );
}

const namesOf = ({ losses }: RunSettings) => ({
  ir: losses.ir.map(({ loss, weight }) => `${weight} ${loss}`),
  sts: losses.sts.map(({ loss, weight }) => `${weight} ${loss}`),
});

const infonce = ['1 infonce'];
const orderAware = ['2 pearson', '0.5 pro', '5 rank-kl', '1 inner-infonce'];

describe('a run with the preset', () => {
  it.each([
    ['codiemb', null, { ir: infonce, sts: orderAware }],
    ['infonce-joint', 1, { ir: infonce, sts: ['1 pair-infonce'] }],
    ['cosent-joint', 1, { ir: infonce, sts: ['1 cosent'] }],
  ] as const)('%s has its losses and its clipping, and says which', async (preset, clipNorm, losses) => {
    const settings = await settingsOf(['ir', 'sts'], { preset });
    expect(settings).toMatchObject({ preset, sampler: 'dynamic', positives: 2, negatives: 4, optimizer: { clipNorm } });
    expect(settings).toMatchObject({ dropout: 0.3, attentionDropout: 0.2, maxLength: 32 });
    expect(namesOf(settings)).toEqual(losses);
    expect(settings.losses.ir[0]!.parameters).toMatchObject({ temperature: 0.02, positives: 'all' });
  });

  it.each([
    ['ir', { ir: infonce, sts: [] }],
    ['sts', { ir: [], sts: orderAware }],
  ] as const)('single-task has the set of %s where the data is', async (task, losses) => {
    const settings = await settingsOf([task, task], { preset: 'single-task' });
    expect(settings).toMatchObject({ preset: 'single-task', optimizer: { clipNorm: 1 } });
    expect(namesOf(settings)).toEqual(losses);
  });

  it('single-task is refused for data of two tasks', async () => {
    await expect(settingsOf(['ir', 'sts'], { preset: 'single-task' })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'The preset single-task is for data of one task, the run has data of ir and sts',
      details: { field: 'input.settings.preset' },
    });
  });

  it('of no name is codiemb', async () => {
    expect(await settingsOf(['ir', 'sts'], {})).toMatchObject({ preset: 'codiemb', optimizer: { clipNorm: null } });
    expect((await settingsOf(['ir', 'sts'], { preset: null })).losses).toEqual(defaultRunSettings.losses);
  });

  it('is told that there is none of that name', async () => {
    await expect(settingsOf(['ir'], { preset: 'best' as PresetName })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'input.settings.preset', expected: expect.stringContaining('cosent-joint') },
    });
  });
});

describe('what a run is given', () => {
  it('goes before its preset, field by field and task by task', async () => {
    const settings = await settingsOf(['ir', 'sts'], {
      ...{ preset: 'cosent-joint', positives: 3, negatives: 0, dropout: 0 },
      losses: { sts: [{ loss: 'pro', weight: 4 }] },
      optimizer: { ...optimizer, clipNorm: 0.5 },
    });
    expect(settings).toMatchObject({ positives: 3, negatives: 0, dropout: 0, optimizer: { clipNorm: 0.5 } });
    expect(namesOf(settings)).toEqual({ ir: infonce, sts: ['4 pro'] });
  });

  it('may be that it does not clip', async () => {
    const given = { preset: 'cosent-joint', optimizer: { ...optimizer, clipNorm: null } } as const;
    expect(await settingsOf(['ir'], given)).toMatchObject({ optimizer: { clipNorm: null } });
  });
});

describe('a data set with losses of its own', () => {
  it('has them complete, and the others have none', async () => {
    const { datasets, settings } = await readyOf(['ir', 'ir'], {}, [{ loss: 'infonce', parameters: { margin: 0.1 } }]);
    const parameters = { temperature: 0.02, positives: 'all', margin: 0.1, knownPositives: false };
    expect(datasets.map(({ losses }) => losses)).toEqual([[{ loss: 'infonce', weight: 1, parameters }], null]);
    expect(namesOf(settings).ir).toEqual(infonce);
  });

  it('needs none of its task', async () => {
    const losses = { ir: [] };
    expect((await readyOf(['ir'], { losses }, [{ loss: 'infonce' }])).settings.losses.ir).toEqual([]);
    await expect(readyOf(['ir', 'ir'], { losses }, [{ loss: 'infonce' }])).rejects.toMatchObject({
      details: { field: 'input.settings.losses.ir' },
    });
  });

  it.each([
    ['none', [], 'input.datasets.0.losses'],
    ['one of the other task', [{ loss: 'pro' }], 'input.datasets.0.losses.0.loss'],
    ['one twice', [{ loss: 'infonce' }, { loss: 'infonce' }], 'input.datasets.0.losses.1.loss'],
    [
      'one with a parameter out of range',
      [{ loss: 'infonce', parameters: { margin: 3 } }],
      'input.datasets.0.losses.0.parameters.margin',
    ],
  ] as const)('is refused with %s', async (_, losses, field) => {
    await expect(readyOf(['ir'], {}, losses)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
  });
});

describe('AnglE on vectors of an odd dimension', () => {
  const angle = [{ loss: 'angle' }] as const;
  const ready = (dimension: number, given: Partial<RunContent['settings']>, own?: typeof angle) =>
    readyOf(['sts'], given, own, dimension);
  const refusal = (field: string) => ({ code: 'BAD_USER_INPUT', details: { field } });

  it('is refused, as a loss of the task and of a data set', async () => {
    const losses = { sts: angle };
    await expect(ready(7, { losses })).rejects.toMatchObject(refusal('input.settings.losses.sts.0.loss'));
    await expect(ready(7, {}, angle)).rejects.toMatchObject(refusal('input.datasets.0.losses.0.loss'));
    await ready(8, { losses });
  });

  it('is taken where Matryoshka shows it even dimensions alone', async () => {
    const matryoshka = [{ dimension: 4, weight: 1 }];
    await ready(7, { losses: { sts: angle }, matryoshka });
  });
});

it('each preset names losses of their tasks, each once', () => {
  const rows: readonly PresetEntry[] = presetCatalog;
  for (const { settings } of rows) {
    for (const terms of [settings.losses.ir, settings.losses.sts]) {
      expect(new Set(terms.map(({ loss }) => loss)).size).toBe(terms.length);
      expect(terms.length).toBeGreaterThan(0);
    }
  }
});
