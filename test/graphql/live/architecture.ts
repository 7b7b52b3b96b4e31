/** Searches over architectures, by the API: a tiny one to its end, one that is stopped, and what is refused. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runTandem } from '../../cli/tandem.ts';
import { importRecords, irRecords, settings, stsRecords } from './fixture.ts';
import { get, inputRefusal, type Live, refusal } from './harness.ts';

interface Trial {
  readonly rung: number;
  readonly candidate: number;
  readonly steps: number;
  readonly outcome: string | null;
  readonly score: number | null;
  readonly sets: readonly object[];
  readonly run: { readonly id: string; readonly state: string; readonly checkpoints: { readonly totalCount: number } };
}

interface Search {
  readonly id: string;
  readonly state: string;
  readonly steps: number;
  readonly job: { readonly id: string; readonly attempt: number; readonly subject: { readonly id: string } };
  readonly candidates: readonly {
    readonly number: number;
    readonly pooling: readonly string[];
    readonly model: { readonly id: string } | null;
  }[];
  readonly rungs: readonly { readonly size: number; readonly steps: number; readonly trials: readonly Trial[] }[];
  readonly winner: { readonly number: number } | null;
  readonly checkpoint: {
    readonly id: string;
    readonly run: { readonly id: string };
    readonly model: { readonly id: string };
  } | null;
}

const shown = `id state steps
  job { id attempt waitsFor subject { id } }
  candidates { number innerLayer pooling heads { ir sts } lossWeights { task loss weight } model { id } }
  rungs { size steps trials {
    rung candidate steps outcome score sets { dataset main { value } }
    run { id state settings { maxBatches losses { sts { loss weight } } } checkpoints { totalCount } }
  } }
  winner { number }
  checkpoint { id run { id } model { id } }`;

const dev = <Row extends { split: string }>(records: readonly Row[]) =>
  records.slice(0, 8).map((record) => ({ ...record, split: 'DEV' }));

/** What a search found, without the ids of its runs. */
const tableOf = ({ rungs }: Search) =>
  rungs.map(({ trials }) =>
    trials.map(({ rung, candidate, steps, outcome, score, sets }) => [rung, candidate, steps, outcome, score, sets]),
  );

export function architectureSuite(live: () => Live, restart: () => Promise<void>): void {
  const tandem = (...args: readonly string[]) => runTandem(live().url, args);
  const show = async (id: string) =>
    (
      await get<{ architectureSearch: Search }>(
        live(),
        `query($id: ID!) { architectureSearch(id: $id) { ${shown} } }`,
        { id },
      )
    ).architectureSearch;
  const start = async (input: object) => {
    const mutation = `mutation($input: StartArchitectureSearchInput!) { startArchitectureSearch(input: $input) { ${shown} } }`;
    return (await get<{ startArchitectureSearch: Search }>(live(), mutation, { input })).startArchitectureSearch;
  };
  const untilState = (id: string, state: string) =>
    vi.waitFor(
      async () => {
        const search = await show(id);
        expect(search.state).toBe(state);
        return search;
      },
      { timeout: 60_000, interval: 100 },
    );
  const remove = (id: string) =>
    get(live(), 'mutation($id: ID!) { deleteArchitectureSearch(id: $id) { deletedId } }', { id });
  const act = (mutation: string, id: string) =>
    refusal(live(), `mutation($id: ID!) { ${mutation}(id: $id) { __typename } }`, { id });

  describe('a search over architectures', () => {
    let input: Record<string, unknown>;
    let table: ReturnType<typeof tableOf>;
    it('takes dev sets of its own', async () => {
      const [ir, sts] = [
        await importRecords(live(), 'dev-ir', dev(irRecords)),
        await importRecords(live(), 'dev-sts', dev(stsRecords), 5),
      ];
      input = {
        name: 'search',
        model: live().made.model,
        datasets: [{ dataset: live().made.ir }, { dataset: live().made.sts }],
        devSets: [{ dataset: ir }, { dataset: sts }],
        settings: { ...settings, epochs: 2 },
        configurations: 3,
        space: {
          poolings: [['CLS'], ['MEAN']],
          heads: [],
          innerLayers: [],
          lossWeights: [{ task: 'STS', loss: 'PRO', weights: [0.5, 4] }],
        },
      };
      expect([ir, sts]).toEqual([expect.any(String), expect.any(String)]);
    });

    it('trains all candidates for a third, the best of them and the default for all updates', async () => {
      const started = await start({ ...input, idempotencyKey: 'architectures' });
      expect(started.candidates[0]).toMatchObject({ number: 0, innerLayer: 1, model: { id: live().made.model } });
      expect(started.steps).toBe(12);
      const search = await untilState(started.id, 'SUCCEEDED');
      const own = (pooling: readonly string[]) => pooling.join() === started.candidates[0]!.pooling.join();
      for (const { pooling, model } of search.candidates) expect(model!.id === live().made.model).toBe(own(pooling));
      expect(search.rungs.map(({ size, steps }) => [size, steps])).toEqual([
        [3, 4],
        [1, 12],
      ]);
      table = tableOf(search);
      const [first, last] = search.rungs as [Search['rungs'][number], Search['rungs'][number]];
      expect(first.trials.map(({ candidate, outcome }) => [candidate, outcome])).toEqual(
        [0, 1, 2].map((number) => [number, 'SUCCEEDED']),
      );
      const scores = first.trials.map(({ score }) => score!);
      const winner = scores.indexOf(Math.max(...scores));
      expect(last.trials.map(({ candidate }) => candidate)).toEqual([...new Set([0, winner])]);
      expect(search.winner).toMatchObject({ number: winner });
      const won = last.trials.find(({ candidate }) => candidate === winner)!;
      expect(search.checkpoint).toMatchObject({ run: { id: won.run.id }, model: search.candidates[winner]!.model });
      // Of those that lost the figures stay.
      expect(first.trials.map(({ run }) => run.checkpoints.totalCount)).toEqual([0, 0, 0]);
      expect(won.run.checkpoints.totalCount).toBeGreaterThan(0);
      // One that derives models, one for each rung, and the last one.
      expect(search.job).toMatchObject({ attempt: 4, subject: { id: search.id } });
      expect(await start({ ...input, idempotencyKey: 'architectures' })).toEqual(search);
      expect((await act('resumeArchitectureSearch', search.id)).extensions).toMatchObject({ code: 'CONFLICT' });
      expect((await act('deleteJob', search.job.id)).message).toContain('architecture search "search"');
      expect((await act('deleteModel', live().made.model)).message).toContain('architecture search "search"');
      const shownTable = (await tandem('architectures', 'search')).stdout;
      expect(shownTable).toContain(`best checkpoint of the winner: ${search.checkpoint!.id}`);
      expect(shownTable).toMatch(/^ +0 {2}W?D {3}? .*CLS|MEAN .* PRO (0\.5|4) /m);
      await remove(search.id);
      for (const { run } of [...first.trials, ...last.trials]) {
        await get(live(), 'mutation($id: ID!) { deleteRun(id: $id) { deletedId } }', { id: run.id });
      }
    });

    it('comes to the same table when it is stopped and resumed', async () => {
      const { id } = await start({ ...input, name: 'again' });
      await vi.waitFor(
        async () => expect((await show(id)).rungs[0]!.trials.map(({ run }) => run.state)).toContain('RUNNING'),
        { timeout: 60_000, interval: 20 },
      );
      await restart();
      if ((await show(id)).state === 'INTERRUPTED') {
        const { code, stdout } = await tandem('resume-search', id, '--watch');
        expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^again: SUCCEEDED/) });
      }
      expect(tableOf(await untilState(id, 'SUCCEEDED'))).toEqual(table);
      await remove(id);
    });

    it('is asked for on the command line', async () => {
      const data = ['--model', 'tiny', '--dataset', 'ir', '--dataset', 'sts', '--dev', 'dev-ir', '--dev', 'dev-sts'];
      const sizes = ['--batch-size', '6', '--max-length', '24', '--max-batches', '1', '--configurations', '1'];
      const { code, stdout } = await tandem('search-architecture', ...data, ...sizes, '--keep', 'all', '--json');
      expect(code).toBe(0);
      const found = JSON.parse(stdout) as { id: string };
      expect(found).toMatchObject({ state: 'SUCCEEDED', steps: 1, winner: { number: 0 } });
      expect((await tandem('architecture-searches')).stdout).toContain('tiny architectures');
      await remove(found.id);
    });

    it('is left by who follows it once a fault has interrupted its runs, and goes on when it is resumed', async () => {
      const states = join(live().config.dataDir, 'objects', 'states');
      await rename(states, `${states}.away`);
      await writeFile(states, 'where the states of runs belong');
      const data = ['--model', 'tiny', '--dataset', 'sts', '--dev', 'dev-sts', '--name', 'faulty', '--keep', 'all'];
      const sizes = ['--batch-size', '6', '--max-length', '24', '--max-batches', '1', '--configurations', '1'];
      const left = await tandem('search-architecture', ...data, ...sizes);
      expect(left).toMatchObject({ code: 4, stdout: expect.stringMatching(/^faulty: INTERRUPTED/) });
      const id = left.stdout.trimEnd().split('\n').at(-1)!;
      expect(left.stderr).toMatch(/job \S+, a part of it that is INTERRUPTED, is resumed or cancelled/);
      expect(left.stderr).toContain(`resume it with: tandem resume-search ${id} --watch`);
      await rm(states);
      await rename(`${states}.away`, states);
      expect(await tandem('resume-search', id, '--watch')).toMatchObject({ code: 0 });
      await remove(id);
    });

    it('ends with its runs when its job is cancelled', async () => {
      const long = { ...settings, epochs: 500 };
      const { id, job } = await start({ ...input, settings: long, name: 'stopped' });
      const { rungs } = await vi.waitFor(
        async () => {
          const search = await show(id);
          expect(search.rungs[0]!.trials.map(({ run }) => run.state)).toEqual(['RUNNING', 'QUEUED', 'QUEUED']);
          return search;
        },
        { timeout: 60_000, interval: 50 },
      );
      const runs = rungs[0]!.trials.map(({ run }) => run.id);
      expect((await act('deleteRun', runs[1]!)).extensions).toMatchObject({ code: 'CONFLICT' });
      expect((await act('deleteArchitectureSearch', id)).extensions).toMatchObject({ code: 'CONFLICT' });
      await get(live(), 'mutation($id: ID!) { cancelJob(id: $id) { state } }', { id: job.id });
      const search = await show(id);
      expect(search).toMatchObject({ state: 'CANCELLED', winner: null, checkpoint: null });
      expect(search.rungs[0]!.trials.map(({ run, score }) => [run.state, score])).toEqual(
        runs.map(() => ['CANCELLED', null]),
      );
      await remove(id);
    });

    it('goes on without a candidate that is cancelled, and fails where none is left', async () => {
      const { id } = await start({ ...input, settings: { ...settings, epochs: 500 }, name: 'emptied' });
      await vi.waitFor(async () => expect((await show(id)).rungs[0]!.trials).toHaveLength(3), { timeout: 60_000 });
      for (const { run } of (await show(id)).rungs[0]!.trials) {
        await get(live(), 'mutation($id: ID!) { cancelRun(id: $id) { run { state } } }', { id: run.id });
      }
      const search = await untilState(id, 'FAILED');
      expect(search.rungs[0]!.trials.map(({ outcome }) => outcome)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
      await remove(id);
    });

    it.each([
      ['no dev sets', { devSets: [] }, 'input.devSets'],
      ['fewer updates than rungs need', { settings: { ...settings, maxBatches: 2 } }, 'input.settings.epochs'],
      ['a block that is not there', { space: { innerLayers: [2] } }, 'input.space.innerLayers.0'],
      ['a block twice', { space: { innerLayers: [1, 1] } }, 'input.space.innerLayers'],
      [
        'a loss that the run does not have',
        { space: { lossWeights: [{ task: 'STS', loss: 'ANGLE', weights: [1] }] } },
        'input.space.lossWeights.0.loss',
      ],
      [
        'a loss of the other task',
        { space: { lossWeights: [{ task: 'IR', loss: 'PRO', weights: [1] }] } },
        'input.space.lossWeights.0.loss',
      ],
      [
        'a loss twice',
        { space: { lossWeights: [0.5, 1].map((weight) => ({ task: 'STS', loss: 'PRO', weights: [weight] })) } },
        'input.space.lossWeights.1.loss',
      ],
      [
        'a weight of 0',
        { space: { lossWeights: [{ task: 'STS', loss: 'PRO', weights: [1, 0] }] } },
        'input.space.lossWeights.0.weights',
      ],
      ['a pooling of no mode', { space: { poolings: [['MEAN'], []] } }, 'input.space.poolings.1'],
      ['one configuration too many', { configurations: 257 }, 'input.configurations'],
      [
        'a model that is not there',
        { model: 'TW9kZWw6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw' },
        'input.model',
      ],
    ])('refuses %s', async (_, changes, field) => {
      expect(
        (
          await inputRefusal(live(), 'startArchitectureSearch', 'StartArchitectureSearchInput', {
            ...input,
            ...changes,
          })
        )[1],
      ).toBe(field);
    });

    it('refuses data with losses of its own', async () => {
      const datasets = [{ dataset: live().made.sts, losses: [{ loss: 'COSENT' }] }];
      const devSets = (input['devSets'] as readonly object[]).slice(1);
      const request = { ...input, datasets, devSets, space: {} };
      expect(await inputRefusal(live(), 'startArchitectureSearch', 'StartArchitectureSearchInput', request)).toEqual([
        'BAD_USER_INPUT',
        'input.datasets.0.losses',
      ]);
    });
  });
}
