/** The page at /: GraphiQL with its scripts inline; nothing is loaded from another host. */
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { csrfHeader } from './guard.ts';

let page: string | undefined;

/** The HTML; rendered at the first request, then cached. */
export function graphiqlPage(endpoint: string): string {
  page ??= renderGraphiQL({
    endpoint,
    title: 'Tandem',
    method: 'POST',
    subscriptionsProtocol: 'SSE',
    // Beside what people write, who may clear the editor.
    additionalHeaders: { [csrfHeader]: 'graphiql' },
    // They hold keys, which would stay in the browser, readable for whatever else is served from this address later.
    shouldPersistHeaders: false,
    defaultQuery:
      '{\n  system {\n    version\n    softwareNotice\n    adapter {\n      name\n      software\n    }\n  }\n}\n',
  });
  return page;
}

/** A content security policy that allows nothing from other hosts, and no frame around the page. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob: data:; style-src 'unsafe-inline'; img-src data:; font-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
} as const;
