/** Server-sent events as the standard has them. */
import { describe, expect, it } from 'vitest';
import { readEvents, type ServerSentEvent } from '../../src/client/sse.ts';

async function eventsOf(...chunks: (string | Uint8Array)[]): Promise<ServerSentEvent[]> {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
  const events: ServerSentEvent[] = [];
  for await (const event of readEvents(stream)) events.push(event);
  return events;
}

describe('readEvents', () => {
  it('reads names and data, skips comments and unknown fields', async () => {
    expect(await eventsOf(':\n\nevent: next\nid: 7\ndata: {"a":1}\n\n: ping\ndata:x\n\n')).toEqual([
      { event: 'next', data: '{"a":1}' },
      { event: 'message', data: 'x' },
    ]);
  });

  it('joins data lines and knows all three line ends', async () => {
    expect(await eventsOf('data: a\r\ndata: b\r\n\r\nevent: e\rdata: c\r\r')).toEqual([
      { event: 'message', data: 'a\nb' },
      { event: 'e', data: 'c' },
    ]);
  });

  it('takes any cut: between CR and LF, inside a character', async () => {
    const bytes = new TextEncoder().encode('data: ä😀\r\n\r\n');
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await eventsOf(...single)).toEqual([{ event: 'message', data: 'ä😀' }]);
  });

  it('drops an event that the end cuts off, keeps a named one without data', async () => {
    expect(await eventsOf('\n\nevent: complete\n\ndata: half')).toEqual([{ event: 'complete', data: '' }]);
  });
});
