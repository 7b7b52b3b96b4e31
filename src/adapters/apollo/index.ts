/**
 * Subscriptions of Apollo Client 4 over the connection of tandem-client, published as `tandem-apollo`. Queries and
 * mutations stay with Apollo's own HttpLink:
 *
 *     const client = createClient({ url: 'http://127.0.0.1:4000' });
 *     const http = new HttpLink({ uri: client.url, headers: { 'x-graphql-yoga-csrf': 'apollo' } });
 *     const link = ApolloLink.split(isSubscription, new ApolloLink(followBy(client)), http);
 */
import { type DocumentNode, Kind, OperationTypeNode, print } from 'graphql';
import { Observable } from 'rxjs';
import { ApiError, type TandemClient } from '../../client/index.ts';

/** What a link is given of an operation. */
interface LinkOperation {
  readonly query: DocumentNode;
  readonly operationName?: string | undefined;
  readonly variables: object;
}

/** One event, or the errors that ended the subscription. */
interface LinkResult {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[];
}

/** Whether an operation belongs to {@link followBy}: the test for `ApolloLink.split`. */
export const isSubscription = ({ query }: Pick<LinkOperation, 'query'>): boolean =>
  query.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.operation === OperationTypeNode.SUBSCRIPTION,
  );

/**
 * The handler of a link that follows subscriptions with the client: all of a page over one connection, which is made
 * again when it breaks. What the server refuses is a result with `errors`, as GraphQL says it; a server that does not
 * answer is the link's error, an {@link ApiError}.
 */
export const followBy =
  (client: TandemClient) =>
  ({ query, operationName, variables }: LinkOperation): Observable<LinkResult> =>
    new Observable<LinkResult>((subscriber) => {
      const stop = new AbortController();
      // Printed, not what the caller wrote: Apollo's cache has added __typename.
      const document = { kind: 'subscription', name: operationName ?? '', text: print(query) } as const;
      const events = client.subscribe<Readonly<Record<string, unknown>>, object>(document, variables, stop);
      void (async () => {
        for await (const data of events) subscriber.next({ data });
        subscriber.complete();
      })().catch((error: unknown) => {
        if (stop.signal.aborted) return;
        if (!(error instanceof ApiError) || error.unreachable) return subscriber.error(error);
        subscriber.next({ errors: error.errors });
        subscriber.complete();
      });
      return () => stop.abort();
    });
