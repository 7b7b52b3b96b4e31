/** Events from the bytes of a stream, however these are cut into chunks. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEvents } from '../../src/client/event-stream.ts';

const encoder = new TextEncoder();

function streamOf(chunks: readonly (string | Uint8Array)[], onCancel?: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
      if (!onCancel) controller.close();
    },
    cancel: () => onCancel?.(),
  });
}

/** [event, data] of each. */
async function eventsOf(...chunks: (string | Uint8Array)[]): Promise<(string | undefined)[][]> {
  const events: (string | undefined)[][] = [];
  for await (const { event, data } of readEvents(streamOf(chunks))) events.push([event, data]);
  return events;
}

describe('readEvents', () => {
  it('reads names and data, and skips comments and unknown fields', async () => {
    expect(await eventsOf(':\n\nevent: next\nid: 7\ndata: {"a":1}\n\n: ping\nodd: 1\ndata:x\n\n')).toEqual([
      ['next', '{"a":1}'],
      [undefined, 'x'],
    ]);
  });

  it('joins data lines and knows all three line ends', async () => {
    expect(await eventsOf('data: a\r\ndata: b\r\n\r\nevent: e\rdata: c\r\r', '\n')).toEqual([
      [undefined, 'a\nb'],
      ['e', 'c'],
    ]);
  });

  it('reads events that are cut anywhere, also inside a character or between CR and LF', async () => {
    const bytes = encoder.encode('event: next\r\ndata: ä😀\r\n\r\nevent: complete\r\ndata:\r\n\r\n');
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await eventsOf(...single)).toEqual([
      ['next', 'ä😀'],
      ['complete', ''],
    ]);
  });

  it('gives the id that an event carries, unless it has a NUL', async () => {
    const ids: (string | undefined)[] = [];
    const stream = streamOf(['id: 7\ndata: a\n\nid\ndata: b\n\nid: 8\0\ndata: c\n\ndata: d\n\n']);
    for await (const { id } of readEvents(stream)) ids.push(id);
    expect(ids).toEqual(['7', '', undefined, undefined]);
  });

  it('keeps what follows the first colon and one space', async () => {
    expect(await eventsOf('data:  a: b\ndata\nevent:e\n\n')).toEqual([['e', ' a: b\n']]);
  });

  it('drops an event that the end cuts off', async () => {
    expect(await eventsOf('\n\nevent: complete\ndata:\n\ndata: half')).toEqual([['complete', '']]);
  });

  it('cancels the stream when its reader stops', async () => {
    let cancelled = false;
    const stream = streamOf(['data: 1\n\ndata: 2\n\n'], () => {
      cancelled = true;
    });
    for await (const { data } of readEvents(stream)) {
      expect(data).toBe('1');
      break;
    }
    expect(cancelled).toBe(true);
  });
});

describe('a stream that says nothing', () => {
  afterEach(() => void vi.useRealTimers());

  it('is over after 45 s, but not while comments come', async () => {
    vi.useFakeTimers();
    let [cancelled, send] = [false, (_text: string): void => {}];
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        send = (text) => controller.enqueue(encoder.encode(text));
      },
      cancel() {
        cancelled = true;
      },
    });
    const events = readEvents(body);
    const first = events.next();
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(12_000);
      send(':\n\n');
    }
    send('data: 1\n\n');
    expect((await first).value).toEqual({ data: '1' });
    const second = events.next();
    await vi.advanceTimersByTimeAsync(44_000);
    expect(cancelled).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([await second, cancelled]).toEqual([{ value: undefined, done: true }, true]);
  });
});
