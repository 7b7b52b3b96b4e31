/** Preflights: what a browser asks before it sends a request that pages of other origins could not always send. */
import type { ServerResponse } from 'node:http';
import { graphqlPath } from '../graphql/server.ts';
import { openAiPath } from '../openai/api.ts';
import { streamPath, tokenHeader } from './event-streams/streams.ts';
import { preflightHeaders, type RequestFacts } from './guard.ts';
import { secureHeaders } from './reply.ts';
import { importPath } from './uploads.ts';

const methods: Readonly<Record<string, string>> = {
  [graphqlPath]: 'POST',
  [streamPath]: 'GET, PUT, POST, DELETE',
  '/metrics': 'GET',
  '/health': 'GET',
  '/ready': 'GET',
};

/** All are allowed to a page that may ask at all; browsers never count `authorization` among them. */
const headers = [...preflightHeaders, 'content-type', 'last-event-id', tokenHeader, '*'].join(', ');

/** How long a browser may remember the answer, in seconds; Chromium keeps it for two hours at most. */
const maxAge = '7200';

function offeredOn(path: string): string | undefined {
  if (path.startsWith(importPath)) return 'PUT, DELETE';
  return `${path}/`.startsWith(openAiPath) ? 'GET, POST' : methods[path];
}

/** Answers a preflight, whose Host and Origin were checked; false = the request is none. */
export function answerPreflight(response: ServerResponse, facts: RequestFacts): boolean {
  const offered = offeredOn(facts.path);
  const asked = facts.headers['origin'] && facts.headers['access-control-request-method'];
  if (facts.method !== 'OPTIONS' || !asked || !offered) return false;
  response.setHeader('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
  response.writeHead(204, {
    ...secureHeaders,
    'access-control-allow-methods': offered,
    'access-control-allow-headers': headers,
    'access-control-max-age': maxAge,
  });
  response.end();
  return true;
}
