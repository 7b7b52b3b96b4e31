/**
 * The GraphQL engine: schema, context, limits and errors in one yoga server. It listens nowhere; http/ feeds it
 * requests.
 */
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { Tandem } from '../services/tandem.ts';
import type { Context } from './context.ts';
import { errorMasker, fromGraphQL } from './errors.ts';
import { limitRules, parseWithin, refusalsOf } from './limits.ts';
import { observing } from './observing.ts';
import { accepts, eventsNotAccepted, refusePersisted } from './request-form.ts';
import { schema } from './schema.ts';
import { steadySubscriptionRule } from './subscription-rule.ts';

export const graphqlPath = '/graphql';

export type GraphQLServer = YogaServerInstance<Record<string, unknown>, Context>;

export function createGraphQLServer(tandem: Tandem, logger: Logger): GraphQLServer {
  const { limits } = tandem.config;
  const maskError = errorMasker(logger);
  const limiting: Plugin = {
    onParams: ({ params }) => refusePersisted(params),
    onParse: ({ setParseFn }) => setParseFn(parseWithin(limits)),
    onValidate: ({ addValidationRule }) => [...limitRules(limits), steadySubscriptionRule].forEach(addValidationRule),
    onExecute: (event) => refuse(event, limits, maskError),
    onSubscribe(event) {
      const accept = event.args.contextValue.request.headers.get('accept') ?? '*/*';
      if (accepts(accept, { events: true })) refuse(event, limits, maskError);
      else event.setResultAndStopExecution({ errors: [eventsNotAccepted(accept)] });
    },
  };
  const coding: Plugin = {
    onResultProcess({ result, setResult }) {
      if ('errors' in result && result.errors) setResult({ ...result, errors: result.errors.map(fromGraphQL) });
    },
  };
  return createYoga<Record<string, unknown>, Context>({
    schema,
    context: ({ request }) => ({ tandem, signal: request.signal }),
    graphqlEndpoint: graphqlPath,
    maskedErrors: { maskError },
    plugins: [observing, limiting, coding],
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

interface Start {
  readonly args: ExecutionArgs;
  readonly setResultAndStopExecution: (result: ExecutionResult) => void;
}

/** Answers an operation that goes over the limits, or whose page sizes are invalid, with its errors. */
function refuse({ args, setResultAndStopExecution }: Start, limits: Limits, mask: (error: unknown) => GraphQLError) {
  try {
    const errors = refusalsOf(args, limits);
    if (errors.length > 0) setResultAndStopExecution({ errors: errors.map(mask) });
  } catch (error) {
    setResultAndStopExecution({ errors: [mask(error)] });
  }
}
