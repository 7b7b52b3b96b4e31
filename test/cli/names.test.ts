/** What a command does with names that are empty, and with names that several things have. */
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refuseEmpty } from '../../src/cli/not-empty.ts';
import { wholeNumber } from '../../src/cli/values.ts';
import { architecture, createModel, importRecords, irRecords, startLive } from '../graphql/live/fixture.ts';
import { get, inputRefusal, type Live, refusal, stopLive } from '../graphql/live/harness.ts';
import { runTandem } from './tandem.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive();
});
afterAll(() => stopLive(live));
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
  it('means the newest, and the command says which that is', async () => {
    const spec = { name: 'twin', vocabularyFrom: [live.made.ir], vocabularySize: 200, maxLength: 24, architecture };
    await createModel(live, spec);
    const { id } = await createModel(live, { ...spec, seed: 2 });
    await importRecords(live, 'versions', irRecords);
    await importRecords(live, 'versions', irRecords.slice(1));
    const listed = await tandem('checkpoints', '--model', 'twin', '--json');
    expect([listed.code, listed.stderr]).toEqual([0, expect.stringContaining(`2 models have the name "twin"`)]);
    expect(listed.stderr).toContain(id);
    const evaluated = await tandem('evaluate', '--dataset', 'versions', '--split', 'test');
    expect(evaluated.stderr).toContain('data set "versions" has 2 versions; version 2 is taken');
    const single = await tandem('evaluate', '--dataset', 'ir', '--split', 'test');
    expect(single.stderr).not.toContain('note:');
  });
});
