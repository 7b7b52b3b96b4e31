/**
 * Runs subscriptions. An event that many are told at the same time by the same operation is executed once for all of
 * them: whoever follows a log is given the same object (live/logs.ts), and what an operation says of it depends on
 * nothing of its caller but the role.
 */
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  getOperationAST,
  Kind,
  locatedError,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Context } from '../context.ts';
import { numberOf } from './event-position.ts';

type Result = Promise<ExecutionResult>;

/** What a node shows is read when an event is told; so much earlier at most. */
const sharedMs = 1_000;
/** Results are small, and whoever follows stands near the others. */
const results = new LRUCache<string, Result>({ max: 500, ttl: sharedMs });

/** A subscription that has begun, or the errors with which it was refused. */
export async function subscribe(args: ExecutionArgs): Promise<ExecutionResult | AsyncGenerator<ExecutionResult>> {
  const source = await createSourceEventStream(args);
  return Symbol.asyncIterator in source ? tell(source, args) : source;
}

async function* tell(source: AsyncIterable<unknown>, args: ExecutionArgs): AsyncGenerator<ExecutionResult> {
  const { position } = args.contextValue as Context;
  const selection = selectionOf(args);
  try {
    for await (const item of source) {
      const result = await resultOf(item as object, selection, args);
      position.eventId = numberOf(item);
      yield result;
    }
  } catch (error) {
    throw locatedError(error, getOperationAST(args.document, args.operationName));
  }
}

/** Executes the operation on an event, or takes what was executed for another subscription that selects the same. */
async function resultOf(item: object, selection: string, args: ExecutionArgs): Result {
  const key = `${numbers.of(item)} ${selection}`;
  const shared = results.get(key);
  if (shared) {
    const result = await shared;
    // An error may name its caller.
    if (!result.errors) return result;
  }
  // The result of others does not end when the client of this one goes away.
  const contextValue = { ...(args.contextValue as Context), signal: never };
  const result = Promise.resolve(execute({ ...args, rootValue: item, contextValue }));
  if (!shared) results.set(key, result);
  return result;
}

const never = new AbortController().signal;

/** Objects by numbers, for keys. */
class Numbers {
  readonly #numbers = new WeakMap<object, number>();
  #last = 0;

  of(object: object): number {
    const number = this.#numbers.get(object) ?? ++this.#last;
    this.#numbers.set(object, number);
    return number;
  }
}

const numbers = new Numbers();

/** What an operation selects of an event, the same for equal ones: yoga parses an equal text once. */
function selectionOf({ document, operationName, variableValues, contextValue }: ExecutionArgs): string {
  const { role } = (contextValue as Context).caller;
  const used = variablesOf(document);
  const values = Object.entries(variableValues ?? {}).filter(([name]) => used.has(name));
  return JSON.stringify([numbers.of(document), operationName ?? null, role, values.sort()]);
}

const variables = new WeakMap<DocumentNode, ReadonlySet<string>>();

/** Variables besides those that are only arguments of a subscription, which choose its events. */
function variablesOf(document: DocumentNode): ReadonlySet<string> {
  const known = variables.get(document);
  if (known) return known;
  const used = new Set<string>();
  const roots = new Set<unknown>(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet.selections : [],
    ),
  );
  visit(document, {
    Argument: (_node, _key, _parent, _path, ancestors) => (roots.has(ancestors.at(-1)) ? false : undefined),
    VariableDefinition: () => false,
    Variable: ({ name }) => {
      used.add(name.value);
    },
  });
  variables.set(document, used);
  return used;
}
