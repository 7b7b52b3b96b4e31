/** What a command does with names that are empty, and with names that several things have. */
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  architectureSearchId,
  checkpointId,
  collectionId,
  datasetId,
  modelId,
  runId,
  suiteId,
} from '../../src/cli/lookup.ts';
import { refuseEmpty } from '../../src/cli/not-empty.ts';
import { wholeNumber } from '../../src/cli/values.ts';
import { createClient } from '../../src/client/index.ts';
import { TandemError } from '../../src/errors.ts';
import {
  architecture,
  createModel,
  fuse,
  importRecords,
  irRecords,
  settings,
  startLive,
  startRun,
} from '../graphql/live/fixture.ts';
import { get, inputRefusal, type Live, refusal, stopLive } from '../graphql/live/harness.ts';
import { runTandem } from './tandem.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive();
});
afterAll(() => stopLive(live));
const client = () => createClient({ url: live.url });

/** The error of a lookup that finds nothing, or too much. */
async function refusalOf(found: Promise<string>): Promise<TandemError> {
  const error: unknown = await found.catch((thrown: unknown) => thrown);
  if (error instanceof TandemError) return error;
  throw error;
}
const tandem = (...args: readonly string[]) => runTandem(live.url, args);

describe('an empty name', () => {
  it.each([
    ['evaluate', '--checkpoint', '', '--dataset', 'ir'],
    ['evaluate', '--dataset', ''],
    ['export', '--checkpoint', ' ', '--folder', 'x'],
    ['train', '--model', '', '--dataset', 'ir'],
    ['train', '--model', 'tiny', '--dataset', 'ir', '--dataset', ''],
    ['checkpoints', '--model', ''],
    ['embed', '--model', '', '--texts', 'x.json'],
    ['search', 'a', '--collection', ''],
    ['jobs', '--limit', ''],
    ['watch', ''],
  ])('is refused by tandem %s %s %j', async (...args) => {
    const { code, stdout, stderr } = await tandem(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/is empty|expected a whole number/);
  });

  it('is refused among the options of the program too; an instruction may be empty', () => {
    const parse = (...args: string[]) => {
      const program = new Command('t').option('--data <folder>').hook('preAction', (_t, ran) => refuseEmpty(ran));
      program
        .command('search')
        .argument('<query>')
        .option('--instruction <text>', '', '')
        .action(() => {});
      return program.parse(args, { from: 'user' });
    };
    expect(() => parse('--data', '', 'search', 'x')).toThrow('--data is empty');
    expect(() => parse('search', ' ')).toThrow('query is empty');
    expect(() => parse('search', 'x', '--instruction', '')).not.toThrow();
    expect(() => wholeNumber('')).toThrow('whole number');
  });

  it('in a filter matches what has an empty name, not everything', async () => {
    const lists = ['datasets', 'models', 'runs', 'collections'];
    for (const list of lists) {
      const query = `{ all: ${list} { totalCount } none: ${list}(filter: {name: ""}) { totalCount } }`;
      const found = await get<Record<string, { totalCount: number }>>(live, query);
      expect([list, found['none']?.totalCount]).toEqual([list, 0]);
      if (list !== 'collections') expect(found['all']?.totalCount).toBeGreaterThan(0);
    }
    const others =
      '{ a: checkpoints(filter: {alias: ""}) { totalCount } b: jobs(filter: {idempotencyKey: ""}) { totalCount } }';
    expect(await get(live, others)).toEqual({ a: { totalCount: 0 }, b: { totalCount: 0 } });
    const { extensions } = await refusal(live, '{ checkpoints(filter: {model: ""}) { totalCount } }');
    expect([extensions['code'], extensions['field']]).toEqual(['BAD_USER_INPUT', 'filter.model']);
  });

  it('of a path does not mean the whole import folder', async () => {
    const ofModel = await inputRefusal(live, 'importModel', 'ImportModelInput', { name: 'x', source: { folder: '' } });
    expect(ofModel).toEqual(['BAD_USER_INPUT', 'input.source.folder']);
    const ofData = await inputRefusal(live, 'importDataset', 'ImportDatasetInput', { name: 'x', source: { path: '' } });
    expect(ofData).toEqual(['BAD_USER_INPUT', expect.stringMatching(/source.path$/)]);
  });
});

describe('a name that several things have', () => {
  const spec = () => ({
    name: 'twin',
    vocabularyFrom: [live.made.ir],
    vocabularySize: 200,
    maxLength: 24,
    architecture,
  });

  it('is refused with the id of each and what tells it apart', async () => {
    const ids = [await createModel(live, spec()), await createModel(live, { ...spec(), seed: 2 })].map(({ id }) => id);
    const refused = await tandem('checkpoints', '--model', 'twin');
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('2 models have the name "twin"');
    for (const id of ids) expect(refused.stderr).toMatch(new RegExp(`${id}  model of \\d+ parameters, made 20`));
    expect(refused.stderr).toContain('remedy: give the id');
    expect(await modelId(client(), ids[0]!)).toBe(ids[0]);
  });

  it('lists five of many', async () => {
    const input = { model: live.made.model, datasets: [{ dataset: live.made.sts }], name: 'many', settings };
    const cancel = 'mutation ($id: ID!) { cancelRun(id: $id) { run { state } } }';
    for (let i = 0; i < 6; i++) await get(live, cancel, { id: await startRun(live, input) });
    const { code, message, details } = await refusalOf(runId(client(), 'many'));
    expect([code, message]).toEqual(['CONFLICT', '6 runs have the name "many"']);
    const told = details.problems!.map((problem) => problem.message);
    expect(told).toEqual([...Array(5).fill(expect.stringMatching(/CANCELLED at step \d+/)), 'and 1 more']);
  });

  it('means the newest version of a data set, and name@version another', async () => {
    const first = await importRecords(live, 'versions', irRecords);
    const second = await importRecords(live, 'versions', irRecords.slice(1));
    const names = ['versions', 'versions@1', 'versions@2'];
    const found = await Promise.all(names.map((name) => datasetId(client(), name)));
    expect(found).toEqual([second, first, second]);
    const exact = await importRecords(live, 'versions@1', irRecords.slice(2));
    expect(await datasetId(client(), 'versions@1')).toBe(exact);
    const { code, message, details } = await refusalOf(datasetId(client(), 'versions@3'));
    expect([code, message]).toEqual(['NOT_FOUND', 'the data set "versions" has no version 3']);
    expect(details.expected).toContain('the newest is version 2');
    expect((await refusalOf(datasetId(client(), 'nothing@3'))).message).toBe('there is no data set "nothing@3"');
  });
});

describe('a name stands for an id', () => {
  it('of a run', async () => {
    const [byName, byId] = [await tandem('runs', 'series', 'fixture'), await tandem('runs', 'series', live.made.run)];
    expect([byName.code, byName.stdout]).toEqual([0, byId.stdout]);
  });

  it('of a checkpoint: its alias, else its name, else that of a model for its untrained weights', async () => {
    const update =
      'mutation ($input: UpdateCheckpointInput!) { updateCheckpoint(input: $input) { checkpoint { id } } }';
    const untrained = 'query ($id: ID!) { model(id: $id) { checkpoint { id } } }';
    const alias =
      'mutation ($input: SetCheckpointAliasInput!) { setCheckpointAlias(input: $input) { checkpoint { id } } }';
    const id = await fuse(live, live.made.checkpoints);
    await get(live, update, { input: { id, name: 'polished' } });
    expect(await checkpointId(client(), 'polished')).toBe(id);
    const { model } = await get<{ model: { checkpoint: { id: string } } }>(live, untrained, { id: live.made.model });
    expect(await checkpointId(client(), 'tiny')).toBe(model.checkpoint.id);
    await get(live, update, { input: { id, name: 'tiny' } });
    const { message } = await refusalOf(checkpointId(client(), 'tiny'));
    expect(message).toBe('2 checkpoints and models have the name "tiny"');
    await get(live, alias, { input: { checkpoint: id, alias: 'tiny' } });
    expect(await checkpointId(client(), 'tiny')).toBe(id);
  });

  it.each([
    ['data set', datasetId],
    ['model', modelId],
    ['run', runId],
    ['checkpoint', checkpointId],
    ['collection', collectionId],
    ['suite', suiteId],
    ['search over architectures', architectureSearchId],
  ])('of no %s where there is none', async (noun, idOf) => {
    for (const text of ['nothing', ' ']) {
      const { code, message, details } = await refusalOf(idOf(client(), text));
      expect([code, message]).toEqual(['NOT_FOUND', `there is no ${noun} "${text}"`]);
      expect(details.expected).toMatch(/^the id or (alias or )?name/);
    }
  });
});
