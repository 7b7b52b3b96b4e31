/** Reads server-sent events (WHATWG HTML, section 9.2.6) from the body of a response. */

export interface ServerEvent {
  /** Its name; absent where it has none, which means `message`. */
  readonly event?: string;
  readonly data: string;
  /** The id that it carries itself; absent where it carries none. */
  readonly id?: string;
}

/** The server sends a comment after 12 s without an event: what is silent for so long is broken. */
const longestSilenceMs = 45_000;

/**
 * Yields each event when it is complete, until the stream ends or says nothing for too long. An event that the end of
 * the stream cuts off is dropped, and so is one without a `data` field, as the standard says. Cancels the body when the
 * reader stops early.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const linesOf = lineReader();
  const eventOf = eventReader();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      // Ends the read as the end of the stream does.
      const silence = setTimeout(() => reader.cancel().catch(() => {}), longestSilenceMs);
      const { value, done } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      for (const line of linesOf(decoder.decode(value, { stream: true }))) {
        const event = eventOf(line);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Takes chunks of text; gives the lines that are complete. A line ends with CR, LF or both. */
function lineReader(): (chunk: string) => string[] {
  let pieces: string[] = [];
  let afterReturn = false;
  return (chunk) => {
    // The second half of a line end whose first half ended the last chunk.
    const text = afterReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk;
    if (chunk !== '') afterReturn = chunk.endsWith('\r');
    const [first = '', ...others] = text.split(/\r\n|\r|\n/);
    pieces.push(first);
    if (others.length === 0) return [];
    const lines = [pieces.join(''), ...others.slice(0, -1)];
    pieces = others.slice(-1);
    return lines;
  };
}

/** Takes lines; gives the event that an empty one completes. */
function eventReader(): (line: string) => ServerEvent | undefined {
  let fields: { event?: string; id?: string } = {};
  let data: string[] = [];
  return (line) => {
    if (line === '') {
      const event = data.length === 0 ? undefined : { ...fields, data: data.join('\n') };
      fields = {};
      data = [];
      return event;
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'data') data.push(value);
    else if (name === 'event') fields.event = value;
    else if (name === 'id' && !value.includes('\0')) fields.id = value;
    return undefined;
  };
}
