/**
 * The GraphQL engine: schema, context, limits and errors in one yoga server. It listens nowhere; http/ feeds it
 * requests.
 */
import { GraphQLError } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from '../log.ts';
import type { Tandem } from '../services/tandem.ts';
import type { Context } from './context.ts';
import { errorMasker, fromGraphQL } from './errors.ts';
import { limitRule, parseWithin } from './limits.ts';
import { tooManyNodes } from './node-limit.ts';
import { schema } from './schema.ts';

export const graphqlPath = '/graphql';

export type GraphQLServer = YogaServerInstance<Record<string, unknown>, Context>;

export function createGraphQLServer(tandem: Tandem, logger: Logger): GraphQLServer {
  const { limits } = tandem.config;
  const limiting: Plugin = {
    onParse: ({ setParseFn }) => setParseFn(parseWithin(limits)),
    onValidate: ({ addValidationRule }) => addValidationRule(limitRule(limits)),
    onExecute({ args, setResultAndStopExecution }) {
      const refusal = tooManyNodes(args, limits);
      if (refusal) setResultAndStopExecution({ errors: [refusal] });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const refusal = tooManyNodes(args, limits);
      if (refusal) setResultAndStopExecution({ errors: [refusal] });
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
    maskedErrors: { maskError: errorMasker(logger) },
    plugins: [limiting, coding],
    graphiql: false,
    landingPage: false,
    cors: false,
    batching: false,
    multipart: false,
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
