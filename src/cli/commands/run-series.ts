/** `tandem runs series`: the figures of a run over its updates, as a table. */
import type { Command } from 'commander';
import { RunSeriesDocument, type RunSeriesQuery } from '../../client/index.ts';
import { notFound } from '../../errors.ts';
import { connect } from '../connect.ts';
import { runId } from '../lookup.ts';
import { formatTable } from '../output.ts';
import { print } from '../print.ts';
import { wholeNumber } from '../values.ts';

interface SeriesOptions {
  readonly names?: string;
  readonly points: number;
}

/** `runs`: the command that lists the runs. */
export function addSeriesCommand(runs: Command): void {
  runs
    .command('series')
    .description("print a run's losses, learning rate, gradient norm and dev figures over its updates")
    .argument('<run>', 'id or name')
    .option('--names <list>', 'names of series, with commas between (default: print which there are)')
    .option('--points <n>', 'rows of each series: least and largest value of as many stretches', wholeNumber, 20)
    .action(showSeries);
}

async function showSeries(name: string, { names, points }: SeriesOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const id = await runId(client, name);
  const list = names?.split(',').map((name) => name.trim()) ?? [];
  const { run } = await client.execute(RunSeriesDocument, {
    ...{ id, names: list, maxPoints: points, asked: names !== undefined },
  });
  if (!run) throw notFound(`there is no run ${id}`, { field: 'run', remedy: '`tandem runs` lists them' });
  const { seriesNames, series } = run;
  const unknown = list.filter((name) => !seriesNames.includes(name));
  if (unknown.length > 0) {
    throw notFound(`the run "${run.name}" has no series ${unknown.join(', ')}`, {
      field: '--names',
      expected: `some of ${seriesNames.join(', ')}`,
    });
  }
  if (series) print(command, series, tableOf(series));
  else print(command, seriesNames, seriesNames.join('\n'));
}

function tableOf(series: NonNullable<NonNullable<RunSeriesQuery['run']>['series']>): string {
  const rows = series.flatMap(({ name, points }) =>
    points.map(({ step, lastStep, min, max }) => {
      const steps = step === lastStep ? `${step}` : `${step} to ${lastStep}`;
      return [name, steps, min.toPrecision(6), max.toPrecision(6)];
    }),
  );
  return formatTable(['series', 'steps', 'least', 'largest'], rows);
}
