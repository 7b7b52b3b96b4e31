/** A fetch that waits as long as the server works: Node's own gives up after five minutes, an evaluation may take longer. */
import { Agent, fetch as undiciFetch } from 'undici';

const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 1_000 });

export const patientFetch = ((input, init) =>
  undiciFetch(input as string, { ...(init as object), dispatcher })) as typeof globalThis.fetch;
