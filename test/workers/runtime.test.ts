import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { TandemError } from '../../src/errors.ts';
import type { Command } from '../../workers/protocol.ts';
import { type Connection, connect } from '../../workers/runtime.ts';

interface EchoCommands {
  echo: Command<unknown, unknown>;
  slow: Command<{ readonly ms: number; readonly value: number }, number>;
  count: Command<{ readonly to: number }, number, number>;
  untilAborted: Command<null, string, string>;
  rejectOnAbort: Command<null, never>;
  fail: Command<{ readonly kind: 'defect' | 'user' }, never>;
  ones: Command<{ readonly length: number }, Float32Array>;
  notCloneable: Command<null, never>;
  exit: Command<{ readonly code: number }, never>;
  crash: Command<null, never>;
  hang: Command<null, never>;
  refuseToClose: Command<null, void>;
}

describe('calls to a thread', () => {
  const threads: Connection<EchoCommands>[] = [];
  let worker: Worker;
  function open(): Connection<EchoCommands> {
    worker = new Worker(join(import.meta.dirname, 'echo-thread.mjs'), { stdout: true });
    const thread = connect<EchoCommands>(worker, 'echo');
    threads.push(thread);
    return thread;
  }
  afterEach(async () => {
    await Promise.all(threads.splice(0).map((thread) => thread.close({ graceMs: 500 })));
  });

  it('carries data, typed arrays and several open calls at once', async () => {
    const thread = open();
    const input = { text: 'ä\0', list: [1, { two: null }], ids: new Uint32Array([1, 2]) };
    expect(await thread.call('echo', input)).toEqual(input);
    const slow = thread.call('slow', { ms: 60, value: 1 });
    const order: number[] = [];
    void slow.then((value) => order.push(value));
    order.push(await thread.call('slow', { ms: 1, value: 2 }));
    await slow;
    expect(order).toEqual([2, 1]);
    expect(await thread.call('ones', { length: 3 })).toEqual(new Float32Array([1, 1, 1]));
  });

  it('moves what is named to be moved', async () => {
    const data = new Float32Array([1, 2]);
    expect(await open().call('echo', data, { transfer: [data.buffer] })).toEqual(new Float32Array([1, 2]));
    expect(data.byteLength).toBe(0);
  });

  it('delivers every event before the answer, in order', async () => {
    const events: number[] = [];
    expect(await open().call('count', { to: 100 }, { onEvent: (n) => events.push(n) })).toBe(100);
    expect(events).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('sends an abort and takes what the handler makes of it', async () => {
    const thread = open();
    const stop = new AbortController();
    const reason = new Error('enough');
    const answer = thread.call('untilAborted', null, { signal: stop.signal, onEvent: () => stop.abort(reason) });
    expect(await answer).toBe('stopped: enough');
    const before = AbortSignal.abort(reason);
    expect(await thread.call('untilAborted', null, { signal: before })).toBe('stopped: enough');
    const other = new AbortController();
    const rejected = thread.call('rejectOnAbort', null, { signal: other.signal });
    other.abort(new TandemError('LIMIT_EXCEEDED', 'too late'));
    await expect(rejected).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: 'too late' });
  });

  it('ends a call whose listener throws, and aborts its work', async () => {
    const failing = open().call('untilAborted', null, {
      onEvent: () => {
        throw new Error('listener');
      },
    });
    await expect(failing).rejects.toThrow('listener');
  });

  it('carries errors with their code and details, defects with their message', async () => {
    const thread = open();
    const error = await thread.call('fail', { kind: 'user' }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TandemError);
    expect(error).toMatchObject({
      code: 'CONFLICT',
      message: 'in use',
      details: { field: 'x', expected: 'y', problems: [{ line: 3, message: 'bad' }] },
    });
    await expect(thread.call('fail', { kind: 'defect' })).rejects.toThrow('a defect');
    await expect(thread.call('notCloneable', null)).rejects.toThrow(/could not be cloned/);
    await expect(thread.call('unknown' as 'fail', { kind: 'user' })).rejects.toThrow('unknown command "unknown"');
  });

  it('rejects an input that cannot be sent, and goes on', async () => {
    const thread = open();
    await expect(thread.call('echo', () => 1)).rejects.toThrow(/could not be cloned/);
    expect(await thread.call('echo', 1)).toBe(1);
  });

  it('rejects everything open when the thread exits or breaks, and every later call', async () => {
    for (const death of ['exit', 'crash'] as const) {
      const thread = open();
      const waiting = thread.call('untilAborted', null);
      const dying = death === 'exit' ? thread.call('exit', { code: 3 }) : thread.call('crash', null);
      const expected = { code: 'UNAVAILABLE', details: { field: 'echo' } };
      await Promise.all([
        expect(waiting).rejects.toMatchObject(expected),
        expect(dying).rejects.toMatchObject({
          ...expected,
          message: expect.stringContaining(death === 'exit' ? 'exit code 3' : 'the thread broke'),
        }),
      ]);
      await expect(thread.call('echo', 1)).rejects.toMatchObject(expected);
      expect(thread.death).toMatchObject({ code: 'UNAVAILABLE' });
    }
  });

  it('closes: running handlers are aborted and answered, the thread cleans up and exits', async () => {
    const thread = open();
    let printed = '';
    worker.stdout.on('data', (chunk: Buffer) => (printed += chunk));
    const waiting = thread.call('untilAborted', null);
    await thread.close();
    expect(await waiting).toMatch(/^stopped/);
    expect(printed).toBe('closed\n');
    expect(thread.death).toMatchObject({ code: 'UNAVAILABLE' });
    await thread.close();
  });

  it('refuses a call that comes while it closes', async () => {
    const thread = open();
    await thread.call('echo', 1);
    const closed = thread.close();
    await expect(thread.call('echo', 2)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'The thread is closing and takes no more calls',
    });
    await closed;
  });

  it('ends in order also where cleaning up fails', async () => {
    const thread = open();
    await thread.call('refuseToClose', null);
    const code = new Promise((resolve) => worker.once('exit', resolve));
    await thread.close();
    expect(await code).toBe(0);
  });

  it('ends a thread that does not listen by force', async () => {
    const thread = open();
    await thread.call('echo', 1);
    const hanging = thread.call('hang', null);
    const rejected = expect(hanging).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await thread.close({ graceMs: 100 });
    await rejected;
  });
});
