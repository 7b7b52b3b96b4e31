/** The page at /: GraphiQL with everything inside, no script of another host. */
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { csrfHeader } from './guard.ts';

let page: string | undefined;

/** The HTML; made at the first request. */
export function graphiqlPage(endpoint: string): string {
  page ??= renderGraphiQL({
    endpoint,
    title: 'Tandem',
    method: 'POST',
    subscriptionsProtocol: 'SSE',
    headers: JSON.stringify({ [csrfHeader]: 'graphiql' }),
    defaultQuery:
      '{\n  system {\n    version\n    softwareNotice\n    adapter {\n      name\n      software\n    }\n  }\n}\n',
  });
  return page;
}

/** Nothing from elsewhere, no frame around it. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob: data:; style-src 'unsafe-inline'; img-src data:; font-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
} as const;
