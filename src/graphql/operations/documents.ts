/**
 * Trusted documents: operations of the file of TANDEM_DOCUMENTS, which requests name by their ids. They are parsed and
 * validated when the server starts, so that one which no longer fits the schema is found then.
 */
import { readFileSync } from 'node:fs';
import { GraphQLError, type GraphQLSchema, specifiedRules, validate } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import { badInput, type TandemError } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { limitRules, parseWithin } from '../limits/limits.ts';
import { nameOf, namesNotOffered, nameUnknown, textNotTrusted, withoutName } from './request-form.ts';
import { steadySubscriptionRule } from './subscription-rule.ts';

export interface TrustedDocuments {
  /** The operation of this id or hash. */
  textOf(id: string): string | undefined;
  /** Whether an operation is one of them, character by character. */
  holds(text: string): boolean;
}

/** Wrong documents that are told at once. */
const mostProblems = 20;

/** Throws BAD_USER_INPUT for a file that cannot be read, or holds anything but operations that fit the schema. */
export function readDocuments(file: string, schema: GraphQLSchema, limits: Limits): TrustedDocuments {
  const texts = new Map(entriesOf(file, readJson(file)));
  const rules = [...specifiedRules, ...limitRules(limits), steadySubscriptionRule];
  const problems = [...texts].flatMap(([id, text]) => {
    const [error] = faultsOf(() => validate(schema, parseWithin(limits)(text), rules));
    return error ? [{ file, field: id, message: error.message }] : [];
  });
  const [first] = problems;
  if (first) {
    throw refused(`the document ${JSON.stringify(first.field)} does not fit: ${first.message}`, {
      problems: problems.slice(0, mostProblems),
    });
  }
  const held = new Set(texts.values());
  return { textOf: (id) => texts.get(id), holds: (text) => held.has(text) };
}

interface Rules {
  readonly documents: TrustedDocuments | null;
  /** Whether a text may only be one of the documents. */
  readonly only: boolean;
}

/** The request with the text of the operation that it names. Throws where there is none, or its own is not trusted. */
export function withText(params: GraphQLParams, { documents, only }: Rules): GraphQLParams {
  const named = nameOf(params);
  if (named) {
    if (!documents) throw namesNotOffered(named);
    const query = documents.textOf(String(named.id));
    if (query === undefined) throw nameUnknown(named);
    return { ...withoutName(params), query };
  }
  const { query } = (params ?? {}) as GraphQLParams;
  if (only && typeof query === 'string' && !documents?.holds(query)) throw textNotTrusted();
  return params;
}

function faultsOf(check: () => readonly GraphQLError[]): readonly GraphQLError[] {
  try {
    return check();
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw refused(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw refused(`${file} is not JSON`);
  }
}

/** Ids and texts, from the object of GraphQL codegen and Relay or from the manifest of Apollo. */
function entriesOf(file: string, json: unknown): (readonly [string, string])[] {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  if (!isObject) throw refused(`${file} holds no JSON object`);
  const { format, operations } = json as { format?: unknown; operations?: unknown };
  const entries =
    format === 'apollo-persisted-query-manifest' && Array.isArray(operations)
      ? operations.map((operation: { id?: unknown; body?: unknown } | null) => [operation?.id, operation?.body])
      : Object.entries(json);
  return entries.map(([id, text]) => {
    if (typeof id === 'string' && typeof text === 'string') return [id, text];
    throw refused(`${file} holds something else than texts: ${JSON.stringify(id)}`);
  });
}

const refused = (what: string, more: TandemError['details'] = {}): TandemError =>
  badInput(`The trusted documents cannot be used: ${what}`, {
    field: 'TANDEM_DOCUMENTS',
    expected: 'a JSON object of GraphQL operations by their ids, or a manifest of Apollo; each fits the schema',
    remedy: 'Make the file anew from the operations of the frontend, or unset TANDEM_DOCUMENTS.',
    ...more,
  });
