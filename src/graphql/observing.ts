/** Counts and times GraphQL operations by name, and puts a span around each. A plugin of yoga, before all others. */
import { performance } from 'node:perf_hooks';
import { type ExecutionArgs, type ExecutionResult, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { TandemError } from '../errors.ts';
import { metrics, operationNames, secondsSince } from '../observe/metrics.ts';
import { inSpan } from '../observe/tracing.ts';

interface Named {
  readonly type: string;
  /** Bounded: what clients call their operations, `other` when there are too many. */
  readonly operation: string;
}

function nameOf({ document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>): Named {
  const found = getOperationAST(document, operationName ?? undefined);
  const name = found?.name?.value;
  return { type: found?.operation ?? 'query', operation: name === undefined ? 'anonymous' : operationNames.of(name) };
}

/** The code that the first error will have once it is masked. */
function outcomeOf({ errors }: ExecutionResult): string {
  const [first] = errors ?? [];
  if (!first) return 'ok';
  let origin: unknown = first;
  while (origin instanceof GraphQLError && origin.originalError) origin = origin.originalError;
  if (origin instanceof TandemError) return origin.code;
  const { code } = first.extensions;
  return origin instanceof GraphQLError
    ? typeof code === 'string'
      ? code
      : 'BAD_USER_INPUT'
    : 'INTERNAL_SERVER_ERROR';
}

const isStream = (result: unknown): result is AsyncIterable<unknown> =>
  typeof result === 'object' && result !== null && Symbol.asyncIterator in result;

const countInvalid = (): void =>
  metrics.operations.add({ type: 'invalid', operation: 'unknown', outcome: 'BAD_USER_INPUT' });

/** A span whose name cannot be chosen: that of the operation is an attribute. */
const traced = <T>({ type, operation }: Named, work: () => Promise<T>): Promise<T> =>
  inSpan(
    `graphql ${type}`,
    { attributes: { 'graphql.operation.type': type, 'graphql.operation.name': operation } },
    work,
  );

export const observing: Plugin = {
  onParse:
    () =>
    ({ result }) => {
      if (result instanceof Error) countInvalid();
    },
  onValidate:
    () =>
    ({ valid }) => {
      if (!valid) countInvalid();
    },
  onExecute({ args, executeFn, setExecuteFn }) {
    const named = nameOf(args);
    const began = performance.now();
    setExecuteFn((given: ExecutionArgs) => traced(named, async () => executeFn(given)));
    return {
      onExecuteDone({ result }) {
        if (isStream(result)) return;
        metrics.operations.add({ ...named, outcome: outcomeOf(result) });
        metrics.operationSeconds.observe({ ...named }, secondsSince(began));
      },
    };
  },
  onSubscribe({ args, subscribeFn, setSubscribeFn }) {
    const named = nameOf(args);
    const { operation } = named;
    let isOpen = false;
    const close = (): void => {
      if (isOpen) metrics.subscriptions.add({ operation }, -1);
      isOpen = false;
    };
    setSubscribeFn((given: ExecutionArgs) => traced(named, async () => subscribeFn(given)));
    return {
      onSubscribeResult({ result }) {
        if (!isStream(result)) {
          metrics.operations.add({ ...named, outcome: outcomeOf(result) });
          return;
        }
        metrics.operations.add({ ...named, outcome: 'ok' });
        metrics.subscriptions.add({ operation }, 1);
        isOpen = true;
        return { onEnd: close };
      },
      // The iterator that ends by an error does not end otherwise.
      onSubscribeError: close,
    };
  },
};
