/** Log lines: text for people, JSON for programs. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { formatLogLine } from '../src/log-line.ts';

const module = new URL('../dist/src/log.js', import.meta.url).href;
const script = `import { createLogger, setLogDefaults } from '${module}';
setLogDefaults({ level: 'warn', format: process.argv[1] });
const log = createLogger('jobs');
log.info('not logged');
log.warn({ run: 'r1', free: { bytes: 5 } }, 'little space is left');
log.error({ err: new Error('no file') }, 'a job failed');`;

/** Lines on stderr of a process whose stderr is a pipe. */
async function logged(format: string, environment: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const { TANDEM_LOG: _level, TANDEM_LOG_FORMAT: _format, ...rest } = process.env;
  const args = ['--input-type=module', '-e', script, format];
  const { stderr } = await promisify(execFile)(process.execPath, args, { env: { ...rest, ...environment } });
  return stderr.trimEnd().split('\n');
}

describe('the log', () => {
  it('is JSON outside a terminal', async () => {
    const lines = (await logged('auto')).map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { level: 40, name: 'jobs', run: 'r1', msg: 'little space is left' },
      { level: 50, msg: 'a job failed', err: { message: 'no file' } },
    ]);
  });

  it('is text where a command says so, and what the environment says above all', async () => {
    const [warning, error, stack] = await logged('text');
    expect(warning).toMatch(/^\d\d:\d\d:\d\d WARN {2}jobs: little space is left {2}run=r1 {2}free=\{ bytes: 5 \}$/);
    expect(error).toMatch(/^\d\d:\d\d:\d\d ERROR jobs: a job failed$/);
    expect(stack).toMatch(/^ {2}Error: no file$/);
    const [json, ...others] = await logged('text', { TANDEM_LOG: 'error', TANDEM_LOG_FORMAT: 'json' });
    expect(JSON.parse(json)).toMatchObject({ msg: 'a job failed' });
    expect(others).toEqual([]);
  });

  it('has colors where asked for, and leaves alone what is none of its lines', () => {
    const line = JSON.stringify({ level: 30, time: 0, name: 'db', msg: 'open', path: 'a b' });
    expect(formatLogLine(line, true)).toContain('\u001b[32mINFO\u001b[39m  db: open  \u001b[90mpath=\u001b[39m');
    expect(formatLogLine(line, false)).toContain("INFO  db: open  path='a b'\n");
    expect(formatLogLine('plain\n', false)).toBe('plain\n');
  });
});
