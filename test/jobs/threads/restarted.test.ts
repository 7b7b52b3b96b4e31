/** A CPU thread that dies is started again, whatever it died of. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { restarted } from '../../../src/jobs/threads/restarted.ts';
import { createLogger } from '../../../src/log.ts';
import type { Command } from '../../../workers/protocol.ts';
import { type Connection, connect } from '../../../workers/runtime.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

interface Commands {
  echo: Command<unknown, unknown>;
  exit: Command<{ readonly code: number }, never>;
  untilAborted: Command<null, string, string>;
  fail: Command<{ readonly kind: 'user' }, never>;
  fill: Command<null, never>;
}

describe('a thread that is started again', () => {
  const folder = temporaryFolder();
  const open: Connection<Commands>[] = [];
  let starts = 0;
  const begin = (path = join(import.meta.dirname, '../../workers/echo-thread.mjs')): Connection<Commands> => {
    starts = 0;
    const start = (): Connection<Commands> => {
      starts++;
      const worker = new Worker(path, { stdout: true, stderr: true, resourceLimits: { maxOldGenerationSizeMb: 32 } });
      return connect<Commands>(worker, 'cpu', 'Send it again.');
    };
    const thread = restarted(start, createLogger('test', 'silent'));
    open.push(thread);
    return thread;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((thread) => thread.close({ graceMs: 500 })));
  });

  it.each([
    ['it exits', (thread: Connection<Commands>) => thread.call('exit', { code: 3 })],
    ['its memory is full', (thread: Connection<Commands>) => thread.call('fill', null)],
  ])('ends its work with a typed error and takes the next call after %s', async (_, kill) => {
    const thread = begin();
    const other = thread.call('untilAborted', null);
    const died = { code: 'UNAVAILABLE', details: { field: 'cpu', remedy: 'Send it again.' } };
    await Promise.all([expect(kill(thread)).rejects.toMatchObject(died), expect(other).rejects.toMatchObject(died)]);
    expect(await thread.call('echo', 1)).toBe(1);
    expect(thread.death).toBeUndefined();
    expect(starts).toBe(2);
  });

  it('takes no more calls once it is closed, in the pause before a start too', async () => {
    const thread = begin();
    await thread.call('exit', { code: 3 }).catch(() => {});
    await thread.close();
    await expect(thread.call('echo', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(thread.death).toMatchObject({ code: 'UNAVAILABLE' });
    expect(starts).toBe(1);
  });

  it('is reported dead where none works, and well again when one does', async () => {
    const path = join(folder(), 'broken.mjs');
    await writeFile(path, 'process.exit(9);');
    const thread = begin(path);
    await vi.waitFor(() => expect(thread.death).toMatchObject({ code: 'UNAVAILABLE' }), { timeout: 20_000 });
    await expect(thread.call('echo', 1)).rejects.toMatchObject({ message: expect.stringContaining('exit code 9') });
    const echo = join(import.meta.dirname, '../../workers/echo-thread.mjs');
    await rm(path);
    await writeFile(path, `import ${JSON.stringify(echo)};`);
    await vi.waitFor(async () => expect(await thread.call('echo', 1)).toBe(1), { timeout: 20_000, interval: 100 });
    expect(thread.death).toBeUndefined();
    expect(starts).toBeLessThan(6);
  });
});
