/**
 * `tandem embed` of real texts, as a user runs it, beside sentence-transformers' encode of the same strings. The
 * command starts a service of its own and loads the model; what it takes for a single text is taken off.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { alternate, clocked, median } from './measure.mjs';
import { mixNames } from './texts.mjs';

const cli = resolve(import.meta.dirname, '../../dist/src/cli/main.js');
/** Texts of each mix, enough that the start does not hide them. */
const mixes = { sts: 2_758, cranfield: 400 };
const mostRounds = 3;

export async function benchEmbed(context) {
  const { texts, model, report } = context;
  if (!texts.areReal || model === undefined) return report.note('embed: it needs --model and --data');
  const folder = await mkdtemp(join(tmpdir(), 'tandem-bench-'));
  try {
    for (const mix of Object.keys(mixes)) await atMix(context, folder, mix);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function atMix({ texts: source, model, adapter, threads, report, rounds, peers }, folder, mix) {
  const strings = await source.strings(mix, mixes[mix]);
  const { ids } = await source.tokenise(strings);
  const [one, all] = [join(folder, 'one.json'), join(folder, `${mix}.json`)];
  await writeFile(one, JSON.stringify(strings.slice(0, 1)));
  await writeFile(all, JSON.stringify(strings));
  const env = { ...process.env, TANDEM_ADAPTER: adapter, TANDEM_DATA: join(folder, 'data'), HF_HUB_OFFLINE: '1' };
  if (threads !== null) env.TANDEM_THREADS = String(threads);
  const embed = (file) => () => clocked(() => run(['embed', '--model', model, '--texts', file, '--json'], env, folder));
  const runners = { start: embed(one), tandem: embed(all) };
  // Every command is a new process: the files come into the cache, and the peer is warm after some texts.
  await runners.start();
  if (peers.torch) {
    await peers.torch.ask('texts', { name: mix, strings: strings.slice(0, 64) });
    await peers.torch.ask('encode', { name: mix });
    await peers.torch.ask('texts', { name: mix, strings });
    runners['sentence-transformers'] = () => peers.torch.time('encode', { name: mix });
  }
  const { start, ...times } = await alternate(runners, {
    rounds: Math.min(rounds, mostRounds),
    warmUp: false,
  });
  const startMs = median(start);
  times.tandem = times.tandem.map((ms) => ms - startMs);
  const name = `tandem embed, ${strings.length} texts of ${mixNames[mix]}, its start taken off`;
  const shared = { startMs: Math.round(startMs) };
  report.addAlternated({ part: 'embed', name, unit: 'tokens/s', amount: ids.length, shared }, times);
}

function run(args, env, cwd) {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [cli, ...args], { env, cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-2_000);
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? done() : reject(new Error(`tandem ${args[0]} failed: ${said}`))));
  });
}
