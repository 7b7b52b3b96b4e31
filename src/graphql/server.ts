/**
 * The GraphQL engine: schema, context, limits and errors in one yoga server. It listens nowhere; http/ feeds it
 * requests.
 */
import { once } from 'node:events';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Config } from '../config.ts';
import type { ConnectionKind } from '../db/schema.ts';
import type { Logger } from '../log.ts';
import type { Caller } from '../services/access/types.ts';
import type { Tandem } from '../services/tandem.ts';
import type { Context, EventPosition } from './context.ts';
import { errorMasker, fromGraphQL } from './errors.ts';
import { limitRules, parseWithin, refusalsOf } from './limits/limits.ts';
import { observing } from './observing.ts';
import { readDocuments, withText } from './operations/documents.ts';
import { knownPosition, positionOf } from './operations/event-position.ts';
import { eventBody, type NumberedResult, plainResult } from './operations/event-stream.ts';
import { accepts, eventsNotAccepted } from './operations/request-form.ts';
import { subscribe } from './operations/shared-events.ts';
import { steadySubscriptionRule } from './operations/subscription-rule.ts';
import { schema } from './schema.ts';

export const graphqlPath = '/graphql';

const eventsType = 'text/event-stream';

/** What the transport of a request tells beside it. */
export interface Served {
  readonly caller: Caller;
  readonly connection: ConnectionKind;
  /** Aborts as soon as the server begins to stop. */
  readonly stopping?: AbortSignal;
  /** Takes the result in place of an answer that is written (run-operation.ts). */
  readonly take?: (taken: Taken) => void;
}

export interface Taken {
  readonly results: ExecutionResult | AsyncIterable<NumberedResult>;
  /** False = refused before anything ran. */
  readonly begun: boolean;
}

export type GraphQLServer = YogaServerInstance<Served, Context>;

export function createGraphQLServer(tandem: Tandem, logger: Logger): GraphQLServer {
  const { limits, access } = tandem.config;
  const documents = access.documents && readDocuments(access.documents.file, schema, limits);
  const maskError = errorMasker(logger);
  const limiting: Plugin<Context, Served> = {
    onParams({ params, setParams, context: { caller } }) {
      const only = access.documents?.only === true && caller.role !== 'admin';
      setParams(withText(params, { documents, only }));
    },
    onParse: ({ setParseFn }) => setParseFn(parseWithin(limits)),
    onValidate: ({ addValidationRule }) => [...limitRules(limits), steadySubscriptionRule].forEach(addValidationRule),
    onExecute: (event) => refuse(event, tandem.config, maskError),
    onSubscribe(event) {
      const accept = event.args.contextValue.request.headers.get('accept') ?? '*/*';
      if (accepts(accept, { events: true })) refuse(event, tandem.config, maskError);
      else {
        withoutEvents.add(event.args.contextValue.request);
        event.setResultAndStopExecution({ errors: [eventsNotAccepted(accept)] });
      }
    },
  };
  return createYoga<Served, Context>({
    schema,
    context: ({ request, params, caller, connection }) => ({
      tandem,
      caller,
      connection,
      signal: request.signal,
      position: positionOf(request, params.extensions),
    }),
    graphqlEndpoint: graphqlPath,
    maskedErrors: { maskError },
    plugins: [sharing, observing, limiting, sendingResults],
    graphiql: false,
    landingPage: false,
    cors: false,
    batching: false,
    multipart: false,
    // http/ limits it.
    maxRequestBodySize: false,
    logging: {
      debug: () => {},
      info: () => {},
      warn: (...args: unknown[]) => logger.warn({ args }, 'graphql'),
      error: (...args: unknown[]) => logger[args.every(isAnswer) ? 'debug' : 'error']({ args }, 'graphql'),
    },
  });
}

/** The caller gets it; where it tells of a defect, masking has logged it. */
const isAnswer = (error: unknown): boolean => error instanceof GraphQLError;

/** Requests for a subscription whose caller takes no events: the answer says so as JSON, whatever they take. */
const withoutEvents = new WeakSet<Request>();

/** How subscriptions run. */
const sharing: Plugin = {
  onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
};

/** How results leave the engine. */
const sendingResults: Plugin<Context, Served> = {
  onResultProcess({ result: given, setResult, request, serverContext: { stopping, take }, setResultProcessor }) {
    // One operation a request: no batches.
    const result = given as ExecutionResult | AsyncIterable<ExecutionResult>;
    const position = knownPosition(request);
    const isStream = Symbol.asyncIterator in result;
    const results = isStream ? numbered(result, request.signal, { stopping, position }) : coded(result);
    if (!isStream) setResult(coded(result));
    if (take) {
      take({ results, begun: position?.begun ?? false });
      setResultProcessor(() => new Response(null, { status: 202 }), '*/*');
    } else if (Symbol.asyncIterator in results) {
      const headers = { 'content-type': eventsType, 'content-encoding': 'none' };
      setResultProcessor(() => new Response(eventBody(results, request.signal), { headers }), eventsType);
    } else if (withoutEvents.has(request)) {
      const init = { status: 406, headers: { 'content-type': 'application/json' } };
      setResultProcessor(() => new Response(JSON.stringify(plainResult(results)), init), 'application/json');
    }
  },
};

const coded = (result: ExecutionResult): ExecutionResult =>
  result.errors ? { ...result, errors: result.errors.map(fromGraphQL) } : result;

/**
 * Events with their numbers. When the server stops, what it followed ends, which is not the end of a subscription: that
 * stays open until its connection is closed.
 */
async function* numbered(
  events: AsyncIterable<ExecutionResult>,
  signal: AbortSignal,
  { stopping, position }: Pick<Served, 'stopping'> & { readonly position: EventPosition | undefined },
): AsyncGenerator<NumberedResult, void, undefined> {
  for await (const result of events) yield { result, eventId: position?.eventId };
  if (stopping?.aborted && !signal.aborted) await once(signal, 'abort');
}

interface Start {
  readonly args: ExecutionArgs;
  readonly setResultAndStopExecution: (result: ExecutionResult) => void;
}

/** Answers an operation that goes over the limits, or whose page sizes are invalid, with its errors; else it begins. */
function refuse(
  { args, setResultAndStopExecution }: Start,
  { limits, access }: Pick<Config, 'limits' | 'access'>,
  mask: (error: unknown) => GraphQLError,
) {
  try {
    const errors = refusalsOf(args, limits, access);
    if (errors.length > 0) setResultAndStopExecution({ errors: errors.map(mask) });
    else (args.contextValue as Context).position.begun = true;
  } catch (error) {
    setResultAndStopExecution({ errors: [mask(error)] });
  }
}
