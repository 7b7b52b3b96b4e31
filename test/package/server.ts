/** A server as a process of its own, by default of the installed package. Linux: /proc tells its libraries. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A user's program, which imports, makes a model, trains and evaluates through `tandem/client`. */
const example = 'train.mjs';
/** The program waits on for a run that was interrupted. */
const patienceMs = 300_000;

export class InstalledServer {
  readonly url: string;
  private readonly process: ChildProcess;
  private readonly project: string;

  private constructor(project: string, started: ChildProcess, url: string) {
    this.project = project;
    this.process = started;
    this.url = url;
  }

  /** Starts one on an empty data folder. Throws where it ends before it serves. */
  static async start(
    project: string,
    environment: Readonly<Record<string, string>>,
    main = join(project, 'node_modules/tandem/dist/src/cli/main.js'),
  ): Promise<InstalledServer> {
    const data = mkdtempSync(join(project, 'data-'));
    const env = { ...process.env, ...environment, TANDEM_DATA: data, TANDEM_PORT: '0' };
    const child = spawn(process.execPath, [main, 'serve'], {
      cwd: project,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`the server ended: ${child.exitCode ?? child.signalCode}`);
      }
      const url = urlIn(join(data, 'server.json'));
      if (url !== undefined) return new InstalledServer(project, child, url);
      await sleep(100);
    }
  }

  /** Runs the `tandem` command against it; the object that it prints. */
  command(...args: readonly string[]): unknown {
    const output = this.run('npx', ['tandem', '--json', ...args]);
    return JSON.parse(output.trim().split('\n').at(-1) ?? '');
  }

  /** Trains and evaluates; losses and scores as text, without the ids that differ from run to run. */
  train(examples: string): string {
    copyFileSync(join(examples, example), join(this.project, example));
    return this.run(process.execPath, [example]).replace(/^(run|checkpoint) .*$/gm, '');
  }

  /** The Node addons that the process has mapped, by the names of their files. */
  addons(): string[] {
    const maps = readFileSync(`/proc/${this.process.pid}/maps`, 'utf8');
    const paths = maps.match(/\/.*\.node$/gm) ?? [];
    return [...new Set(paths.map((path) => basename(path)))].sort();
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
  }

  private run(command: string, args: readonly string[]): string {
    const env = { ...process.env, TANDEM_URL: this.url };
    return execFileSync(command, args, {
      timeout: patienceMs,
      cwd: this.project,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }
}

/** The address in the file that a server writes once it serves. */
function urlIn(file: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url;
  } catch {
    return undefined;
  }
}
