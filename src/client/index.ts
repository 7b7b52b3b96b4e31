/**
 * The typed client of a Tandem server, published as `tandem/client`. It needs fetch and no package, so it runs in Node
 * 20+ and in the browser of a page that the server trusts, where all subscriptions share one WebSocket. Every operation
 * of the command line is exported beside it; documents that GraphQL codegen makes of your own operations work too, as
 * text (`documentMode: 'string'`) or parsed.
 *
 *     const client = createClient({ url: 'http://127.0.0.1:4000/graphql' });
 *     const { system } = await client.execute(SystemDocument, {});
 *     for await (const { runEvents } of client.subscribe(RunEventsDocument, { runId })) console.log(runEvents);
 */
export { type ClientOptions, createClient, type TandemClient } from './client.ts';
export type { Executable, Operation } from './documents.ts';
export { ApiError, type ApiErrorDetails } from './error.ts';
export * from './generated/operations.ts';
export type { Upload, UploadBody } from './uploads.ts';
