/**
 * What a request to the engine must be: a JSON object with one operation, and a way to receive its answer. What yoga
 * refuses itself, it refuses as BAD_REQUEST; here that becomes an error which says what is at fault.
 */
import { GraphQLError } from 'graphql';
import type { ErrorCode } from '../../errors.ts';

interface Fault {
  readonly field: string;
  readonly expected: string;
  readonly remedy: string;
}

const example = 'Send {"query": ..., "variables": ...} as JSON.';
const body: Fault = {
  field: 'body',
  expected: 'a JSON object with query and, where needed, variables and operationName',
  remedy: example,
};
const batch: Fault = {
  field: 'body',
  expected: 'one operation',
  remedy: 'Send each operation in a request of its own.',
};

const operation: Fault = {
  field: 'operationName',
  expected: 'a query, a mutation or a subscription, and its name where the text has several operations',
  remedy: 'Send operationName, the name of one operation of the text, or a text with one operation.',
};

/** What is at fault in a request that yoga refused with this code and message; undefined = it misfits the schema. */
export function faultOf(code: unknown, message: string): Fault | undefined {
  if (code === 'OPERATION_RESOLUTION_FAILURE') return operation;
  if (code !== 'BAD_REQUEST') return undefined;
  return message.startsWith('Batching') ? batch : body;
}

/** The parameters that stand for the text of an operation which a server is expected to know. */
const persisted = ['documentId', 'doc_id', 'id'] as const;

/** A request that names an operation in place of sending its text. */
export interface Named {
  /** The parameter that names it. */
  readonly field: string;
  readonly id: unknown;
}

/** Undefined where a request sends a text, or neither. The protocol of graphql-ws needs a text, which may be empty. */
export function nameOf(params: unknown): Named | undefined {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return undefined;
  const { query, extensions } = params as { query?: unknown; extensions?: { persistedQuery?: unknown } | null };
  if (typeof query === 'string' && query !== '') return undefined;
  const hash = extensions?.persistedQuery;
  if (hash) return { field: 'extensions.persistedQuery', id: (hash as { sha256Hash?: unknown }).sha256Hash };
  const field = persisted.find((name) => name in params);
  return field && { field, id: (params as Readonly<Record<string, unknown>>)[field] };
}

/** Yoga refuses parameters that it does not know. */
export function withoutName<Params extends object>(params: Params): Params {
  const others = Object.entries(params).filter(([name]) => !persisted.some((known) => known === name));
  return Object.fromEntries(others) as Params;
}

/** Apollo's clients know both messages, and send the operation's text then. */
export const namesNotOffered = ({ field }: Named) =>
  refused(400, 'PersistedQueryNotSupported', {
    field,
    expected: 'query, the text of the operation',
    remedy: 'Turn persisted queries off in the client, or send the text.',
  });

export const nameUnknown = ({ field }: Named) =>
  refused(404, 'PersistedQueryNotFound', {
    field,
    expected: 'the id of an operation in the file of TANDEM_DOCUMENTS',
    remedy: 'Send the text of the operation, or add it to the file and start the server again.',
    code: 'NOT_FOUND',
  });

export const textNotTrusted = () =>
  refused(403, 'The operation is none of the trusted documents', {
    field: 'query',
    expected: 'an operation of the file of TANDEM_DOCUMENTS, by its id or character by character',
    remedy: 'Add the operation to the file and start the server again, or send a key of the role admin.',
    code: 'FORBIDDEN',
  });

/** The types in which an answer can be sent; of a subscription only the last. */
const answers = ['application/graphql-response+json', 'application/json', 'multipart/mixed', 'text/event-stream'];

/** Whether an Accept header allows an answer to a query, or one to a subscription. */
export const accepts = (accept: string, { events }: { readonly events: boolean }): boolean =>
  acceptsAny(accept, events ? answers.slice(-1) : answers);

/** Whether an Accept header allows an answer in one of these types. */
export function acceptsAny(accept: string, offered: readonly string[]): boolean {
  const asked = accept.toLowerCase().replaceAll(/\s/g, '').split(',');
  return asked.some((range) => {
    const [type = '', ...parameters] = range.split(';');
    const isUtf8 = parameters.every((text) => !text.startsWith('charset=') || text === 'charset=utf-8');
    return isUtf8 && offered.some((offer) => type === offer || type === '*/*' || type === `${offer.split('/')[0]}/*`);
  });
}

/** The refusal of a subscription whose caller does not accept events. */
export const eventsNotAccepted = (accept: string) =>
  refused(406, `The answer of a subscription cannot be sent as ${accept.slice(0, 200)}`, {
    field: 'accept',
    expected: 'text/event-stream',
    remedy: 'Send accept: text/event-stream.',
  });

const refused = (status: number, message: string, fault: Fault & { readonly code?: ErrorCode }) =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', ...fault, http: { status } } });
