/**
 * The part of OpenAI's API that serves embeddings, for the many programs that speak it. It listens nowhere: http/ feeds
 * it requests. Who may ask, and how large a body may be, is decided there.
 */
import { badInput, notFound, type TandemError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Tandem } from '../services/tandem.ts';
import { answerEmbeddings } from './embeddings.ts';
import { errorAnswer } from './errors.ts';
import { getModel, listModels } from './models.ts';
import type { OpenAiAnswer } from './types.ts';

interface OpenAiRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** Of a POST; empty otherwise. */
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface OpenAiApi {
  /** Never rejects. */
  answer(request: OpenAiRequest): Promise<OpenAiAnswer>;
  /** The answer to a request that HTTP refuses. */
  refuse(error: TandemError, status: number): OpenAiAnswer;
}

export const openAiPath = '/v1/';
const embeddingsPath = `${openAiPath}embeddings`;
const modelsPath = `${openAiPath}models`;

export function createOpenAiApi(tandem: Tandem, logger: Logger): OpenAiApi {
  return {
    async answer(request) {
      try {
        return { status: 200, body: await answerOf(tandem, request) };
      } catch (error) {
        return errorAnswer(error, logger);
      }
    },
    refuse: (error, status) => errorAnswer(error, logger, status),
  };
}

function answerOf(tandem: Tandem, { method, path, body, signal }: OpenAiRequest): Promise<OpenAiAnswer['body']> {
  if (method === 'POST' && path === embeddingsPath) return answerEmbeddings(tandem, parsed(body), signal);
  if (method === 'GET' && path === modelsPath) return listModels(tandem);
  if (method === 'GET' && path.startsWith(`${modelsPath}/`)) return getModel(tandem, nameIn(path));
  throw notFound(`${method} ${path.slice(0, 200)} is not offered`, {
    field: 'path',
    expected: `POST ${embeddingsPath}, GET ${modelsPath} or GET ${modelsPath}/<model>`,
    remedy: 'Correct the address or the method.',
  });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw badInput('The body is not JSON', { field: 'body', expected: 'a JSON object', remedy: 'Correct the body.' });
  }
}

function nameIn(path: string): string {
  const name = path.slice(modelsPath.length + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    throw badInput('The address is not percent-encoded UTF-8', {
      field: 'model',
      expected: 'an alias or an id',
      remedy: 'Encode the name as encodeURIComponent does.',
    });
  }
}
