/** /v1/: as OpenAI has it. No page of another origin can send JSON without a preflight; no other header is needed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenAiApi } from '../openai/api.ts';
import type { OpenAiAnswer } from '../openai/types.ts';
import type { Access } from '../services/access/types.ts';
import { readText } from './body.ts';
import { admit } from './callers.ts';
import { closing, type Refusal, type RequestFacts, refuseJson } from './guard.ts';
import { secureHeaders } from './reply.ts';

interface Options {
  readonly openai: OpenAiApi;
  readonly access: Access;
  readonly bodyBytes: number;
  readonly draining: boolean;
  /** Ends with the server. */
  readonly life: AbortSignal;
}

const noBody = { body: Buffer.alloc(0), refusal: undefined };

export async function answerOpenAi(
  request: IncomingMessage,
  response: ServerResponse,
  facts: RequestFacts,
  { openai, access, bodyBytes, draining, life }: Options,
): Promise<void> {
  const refuse = (refusal: Refusal): void => refuseOpenAi(response, openai, refusal);
  const isPost = facts.method === 'POST';
  const refusal = draining ? closing() : isPost ? refuseJson(facts, bodyBytes) : null;
  if (refusal) return refuse(refusal);
  const { held, refusal: stranger } = await admit(access, request.headers.authorization);
  if (stranger) return refuse(stranger);
  const { body, refusal: unread } = isPost ? await readText(request, bodyBytes, held) : noBody;
  if (unread) return refuse(unread);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, life, held]);
  send(response, await openai.answer({ method: facts.method, path: facts.path, body: body.toString(), signal }));
}

/** Closes the connection: the body of a refused request is not read. */
export function refuseOpenAi(response: ServerResponse, openai: OpenAiApi, { error, status }: Refusal): void {
  response.setHeader('connection', 'close');
  send(response, openai.refuse(error, status));
}

function send(response: ServerResponse, { status, headers, body }: OpenAiAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers, ...secureHeaders });
  response.end(JSON.stringify(body));
}
