/**
 * `tandem quickstart`: starts the service, trains a small encoder on sample data, fuses, searches, and prints the
 * results.
 */
import type { Command } from 'commander';
import { SystemDocument, type TandemClient } from '../../client/index.ts';
import { setLogDefaults } from '../../log.ts';
import { clientOf, configOf, type GlobalOptions } from '../connect.ts';
import { formatTable } from '../output.ts';
import { adapterLine, datasetsOf, describeReport, lossesOf, type QuickstartReport } from '../quickstart/report.ts';
import {
  createModel,
  evaluate,
  evaluateBagOfWords,
  fuse,
  importSample,
  type Scores,
  searchCollection,
  train,
} from '../quickstart/steps.ts';
import { graceMs, untilSignal } from '../signals.ts';
import { startService, withAdminKey } from '../start-service.ts';
import { wholeNumber } from '../values.ts';

interface QuickstartOptions {
  readonly exit?: boolean;
  readonly seed: number;
}

export function addQuickstartCommand(program: Command): void {
  program
    .command('quickstart')
    .description('train, evaluate, fuse and search on sample data, in under a minute')
    .option('--exit', 'stop at the end instead of serving on')
    .option('--seed <n>', 'seed of the data, the weights and the batches', wholeNumber, 1)
    .action(quickstart);
}

async function quickstart({ exit, seed }: QuickstartOptions, command: Command): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  // With --json, stdout has the one object and everything else goes to stderr.
  const say = (line: string): void => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  setLogDefaults({ level: 'warn', format: 'text' });
  await untilSignal(async (signal) => {
    const config = withAdminKey(configOf(options));
    const tandem = await startService({ ...config, port: 0 });
    try {
      const report = await Promise.race([
        runSteps(clientOf({ url: tandem.url, key: config.access.adminKey }), seed, say),
        signal,
      ]);
      if (!report) return;
      say(`\n${describeReport(report)}`);
      if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
      if (exit) return;
      say(`\nTandem still serves ${tandem.url} (GraphiQL in a browser); stop it with Ctrl+C`);
      await signal;
    } finally {
      await tandem.close({ graceMs });
    }
  });
}

async function runSteps(client: TandemClient, seed: number, say: (line: string) => void): Promise<QuickstartReport> {
  const { system } = await client.execute(SystemDocument, {});
  say(
    `Adapter: ${adapterLine(system)}\nDatabase: ${system.database.kind} ${system.database.version}, data in ${system.dataFolder}`,
  );

  const data = await importSample(client, seed);
  const datasets = datasetsOf(data);
  say(
    `\n${formatTable(
      ['data set', 'task', 'train', 'dev', 'test'],
      datasets.map(({ name, task, splits }) => [name, task, splits.train, splits.dev, splits.test]),
    )}`,
  );

  const model = await createModel(client, data, seed);
  say(
    `\nModel: ${model.layers} layers, ${model.dimension} wide, ${model.parameters} parameters, ${model.vocabularySize} tokens`,
  );
  const run = await train(client, data, model.id, seed, false);

  say('Evaluating');
  const untrained = await evaluate(client, data, model.checkpoint.id);
  const bagOfWords = await evaluateBagOfWords(client, data);
  const checkpoints: Scores[] = [];
  for (const { id } of run.checkpoints) checkpoints.push(await evaluate(client, data, id));

  say('Fusing');
  const ids = run.checkpoints.map(({ id }) => id);
  const soup = await evaluate(client, data, await fuse(client, 'UNIFORM_SOUP', ids));
  const fused = await fuse(client, 'DELTA_GUIDED', ids);
  const deltaGuided = await evaluate(client, data, fused);

  const searches = await searchCollection(client, data, fused, `quickstart ${new Date().toISOString()}`);
  return {
    adapter: system.adapter.name,
    software: system.adapter.software,
    seconds: Math.round(process.uptime() * 10) / 10,
    peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    datasets,
    losses: lossesOf(run.steps),
    scores: { untrained, bagOfWords, checkpoints, soup, deltaGuided },
    searches,
  };
}
