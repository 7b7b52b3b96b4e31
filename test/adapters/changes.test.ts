/** The feed of changes against a scripted subscription, because a real one ends and loses events when it likes. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Change, createChangeFeed } from '../../src/adapters/common/changes.ts';
import { gather } from '../../src/adapters/common/gather.ts';
import { createLiveProvider } from '../../src/adapters/refine/live-provider.ts';
import { ApiError, type TandemClient } from '../../src/client/index.ts';

interface Variables {
  readonly types: readonly string[];
  readonly after: number | null;
}
type Step = { readonly seq: number; readonly change: object | null } | ApiError;

/** A client whose n-th subscription sends the n-th list of steps and then stays open. */
function scripted(...scripts: readonly (readonly Step[])[]) {
  const asked: Variables[] = [];
  const signals: AbortSignal[] = [];
  async function* subscribe(_document: unknown, variables: Variables, { signal }: { signal: AbortSignal }) {
    asked.push(variables);
    signals.push(signal);
    for (const step of scripts[asked.length - 1] ?? []) {
      if (step instanceof ApiError) throw step;
      yield { changes: step };
    }
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }
  return { client: { url: '', subscribe } as unknown as TandemClient, asked, signals };
}

const begin = (seq: number) => ({ seq, change: null });
const change = (seq: number, kind: string, type: string, nodeId: string) => ({ seq, change: { kind, type, nodeId } });
const failure = (code: string) => new ApiError([{ message: code, extensions: { code } }]);
const told = (changes: readonly Change[]) => changes.map(({ kind, id }) => `${kind} ${id}`);

afterEach(() => vi.useRealTimers());

describe('a feed of changes', () => {
  it('tells a listener of its noun, and to read anew where the server begins', async () => {
    const { client, asked } = scripted([begin(7), change(8, 'UPDATED', 'RUN', 'r'), change(9, 'CREATED', 'JOB', 'j')]);
    const seen: Change[] = [];
    createChangeFeed(client).listen('runs', (each) => seen.push(each));
    await vi.waitFor(() => expect(told(seen)).toEqual(['RESYNC null', 'UPDATED r']));
    expect(asked).toEqual([{ types: ['RUN'], after: null }]);
  });

  it('goes on behind the last change when another noun is listened to', async () => {
    const { client, asked, signals } = scripted([begin(7), change(8, 'UPDATED', 'RUN', 'r')]);
    const feed = createChangeFeed(client);
    const seen: Change[] = [];
    feed.listen('runs', (each) => seen.push(each));
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    feed.listen('jobs', () => {});
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]).toEqual({ types: ['RUN', 'JOB'], after: 8 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it('has one subscription for all listeners, and none when the last has gone', async () => {
    const { client, asked, signals } = scripted([begin(7)]);
    const feed = createChangeFeed(client);
    const stops = [feed.listen('runs', () => {}), feed.listen('jobs', () => {}), feed.listen('runs', () => {})];
    await vi.waitFor(() => expect(asked).toEqual([{ types: ['RUN', 'JOB'], after: null }]));
    for (const stop of stops) stop();
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true));
    expect(asked).toHaveLength(1);
  });

  it('begins anew where the server no longer has what was missed', async () => {
    const { client, asked } = scripted([begin(7), failure('RESYNC')], [begin(900)]);
    const seen: Change[] = [];
    createChangeFeed(client).listen('runs', (each) => seen.push(each));
    await vi.waitFor(() => expect(told(seen)).toEqual(['RESYNC null', 'RESYNC null']));
    expect(asked.map(({ after }) => after)).toEqual([null, null]);
  });

  it('subscribes again behind the last change after the client gave up', async () => {
    const { client, asked } = scripted([begin(7), failure('UNAVAILABLE')], [change(8, 'DELETED', 'RUN', 'r')]);
    const seen: Change[] = [];
    createChangeFeed(client, { pauseMs: 1 }).listen('runs', (each) => seen.push(each));
    await vi.waitFor(() => expect(told(seen)).toEqual(['RESYNC null', 'DELETED r']));
    expect(asked.map(({ after }) => after)).toEqual([null, 7]);
  });

  it('ends for good where the key is refused', async () => {
    const { client, asked } = scripted([failure('UNAUTHENTICATED')]);
    const onError = vi.fn();
    createChangeFeed(client, { pauseMs: 1, onError }).listen('runs', () => {});
    await vi.waitFor(() => expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'UNAUTHENTICATED' })));
    expect(asked).toHaveLength(1);
  });

  it('refuses a noun that there is not', () => {
    expect(() => createChangeFeed(scripted().client).listen('users', () => {})).toThrow('no resource "users"');
  });
});

/** A feed whose changes the test sends. */
function manual() {
  let send: (change: Change) => void = () => {};
  const listen = (_resource: string, callback: (change: Change) => void) => {
    send = callback;
    return () => {};
  };
  return { feed: { listen }, send: (kind: Change['kind'], id: string) => send({ kind, resource: 'runs', id }) };
}

describe('changes that follow each other', () => {
  it('are delivered at once, then together a second later', () => {
    vi.useFakeTimers();
    const { feed, send } = manual();
    const delivered: (readonly string[])[] = [];
    const stop = gather(
      feed,
      'runs',
      ({ id }) => id !== 'other',
      (changes) => delivered.push(told(changes)),
    );
    for (const id of ['a', 'other']) send('UPDATED', id);
    vi.advanceTimersByTime(1);
    for (const id of ['b', 'c']) send('UPDATED', id);
    vi.advanceTimersByTime(998);
    expect(delivered).toEqual([['UPDATED a']]);
    vi.advanceTimersByTime(2);
    expect(delivered).toEqual([['UPDATED a'], ['UPDATED b', 'UPDATED c']]);
    send('UPDATED', 'd');
    stop();
    vi.advanceTimersByTime(5_000);
    expect(delivered).toHaveLength(2);
  });

  it('are events of Refine, one for each kind', () => {
    vi.useFakeTimers();
    const { feed, send } = manual();
    const events: unknown[] = [];
    createLiveProvider(feed).subscribe({
      channel: 'resources/runs',
      types: ['*'],
      callback: ({ channel, type, payload }) => events.push([channel, type, payload.ids]),
      params: { ids: ['a', 'b'] },
    });
    send('UPDATED', 'a');
    send('DELETED', 'b');
    send('UPDATED', 'a');
    send('CREATED', 'c');
    vi.advanceTimersByTime(1);
    expect(events).toEqual([
      ['resources/runs', 'updated', ['a']],
      ['resources/runs', 'deleted', ['b']],
    ]);
  });
});
