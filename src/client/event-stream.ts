/** Reads server-sent events (WHATWG HTML, section 9.2.6) from the body of a response. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/**
 * Yields each event when it is complete. An event that the end of the stream cuts off is dropped, and so is one
 * without a `data` field, as the standard says. Cancels the body when the reader stops early.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* events.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
