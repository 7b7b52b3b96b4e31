/** Results as server-sent events, in the form of the graphql-sse protocol. */
import type { ExecutionResult, FormattedExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';

/** An event of a subscription, and its number where it has one. */
export interface NumberedResult {
  readonly result: ExecutionResult;
  readonly eventId: string | undefined;
}

/** Sent first, since some browsers wait for it, and whenever a stream has been silent for {@link silenceMs}. */
export const comment = ':\n\n';
export const silenceMs = 12_000;

/** One event. `id` is what a reader names as Last-Event-ID when it comes back. */
export const eventText = (event: 'next' | 'complete', data: string, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata:${data === '' ? '' : ` ${data}`}\n\n`;

/** What is sent of an error: what it tells HTTP alone is left out. */
export function plainError(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...told } = error.toJSON();
  const { http: _http, ...shown } = extensions ?? {};
  return { ...told, extensions: shown };
}

export const plainResult = ({ errors, ...rest }: ExecutionResult): FormattedExecutionResult => ({
  ...rest,
  ...(errors && { errors: errors.map(plainError) }),
});

/**
 * The body of an answer: each result as an event, made when the one before has been taken, so that a slow reader holds
 * one. Ends with the event `complete`, except where the signal ended it: then the reader comes back and goes on.
 */
export function eventBody(results: AsyncIterable<NumberedResult>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = results[Symbol.asyncIterator]();
  let silence: NodeJS.Timeout | undefined;
  const send = (controller: ReadableStreamDefaultController<Uint8Array>, text: string): void => {
    controller.enqueue(encoder.encode(text));
    silence?.refresh();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      send(controller, comment);
      silence = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) send(controller, comment);
      }, silenceMs);
    },
    async pull(controller) {
      const { value, done } = await iterator.next().catch((error: unknown) => {
        clearInterval(silence);
        throw error;
      });
      if (!done) return send(controller, eventText('next', JSON.stringify(plainResult(value.result)), value.eventId));
      clearInterval(silence);
      if (!signal.aborted) send(controller, eventText('complete', ''));
      controller.close();
    },
    async cancel() {
      clearInterval(silence);
      await iterator.return?.();
    },
  });
}
