// `npm run dev`: builds, serves, and does both again when a file changes. Arguments go to `tandem serve`. A build with
// errors leaves the running service as it is; the log is readable text.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { createInterface } from 'node:readline';

const node = process.execPath;
const environment = { ...process.env, TANDEM_LOG_FORMAT: process.env.TANDEM_LOG_FORMAT ?? 'text' };
let server;
let restarting = Promise.resolve();
let stopping = false;

/** Copies the data files into dist/ and starts the service anew. One restart after another, each stop in order. */
function restart() {
  restarting = restarting.then(async () => {
    if (stopping) return;
    if (spawnSync(node, ['src/build/build.mjs'], { stdio: 'inherit' }).status !== 0) return;
    await stop();
    if (stopping) return;
    server = spawn(node, ['dist/src/cli/main.js', 'serve', ...process.argv.slice(2)], {
      stdio: 'inherit',
      env: environment,
      // A process group of its own: Ctrl+C in a terminal stops this script, which then stops the service once.
      detached: true,
    });
  });
}

/** Resolves when the service has ended; it interrupts its runs with a checkpoint. */
async function stop() {
  if (!server || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
}

const compiler = spawn('tsc', ['-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
createInterface({ input: compiler.stdout }).on('line', (line) => {
  process.stdout.write(`${line}\n`);
  if (/Found 0 errors\b/.test(line)) restart();
});
compiler.on('exit', () => void end());

// What tsc does not see. An editor saves in several steps.
let timer;
for (const folder of ['shaders', 'src/db/migrations']) {
  watch(folder, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(restart, 200);
  });
}

/** The second call stops the service at once. */
async function end() {
  if (stopping) return void server?.kill('SIGTERM');
  stopping = true;
  compiler.kill();
  await restarting;
  await stop();
  process.exit();
}
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => void end());
