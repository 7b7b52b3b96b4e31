/** Reads server-sent events (WHATWG HTML, section 9.2.6) from the body of a response. */

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Yields each event as it is complete; an event cut off by the end of the stream is dropped, as the standard says. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let event = 'message';
  let data: string[] = [];
  for await (const line of readLines(body)) {
    if (line === '') {
      // A named event without data is told too: servers of GraphQL over SSE end a stream by `event: complete` alone.
      if (data.length > 0 || event !== 'message') yield { event, data: data.join('\n') };
      event = 'message';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
}

const lineEnd = /\r\n|\n|\r/;

/** Lines end with LF, CR LF or CR; a CR at the end of a chunk waits for what follows. */
async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        yield* rest.split(lineEnd).slice(0, -1);
        return;
      }
      rest += decoder.decode(value, { stream: true });
      const whole = rest.endsWith('\r') ? rest.slice(0, -1) : rest;
      const lines = whole.split(lineEnd);
      const last = lines.pop() ?? '';
      rest = last + rest.slice(whole.length);
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
