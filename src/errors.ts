/**
 * The one error type of Tandem. Every failure that a user can cause is a TandemError: it names the thing, says what was
 * expected and what to do next, and travels unchanged from a worker thread through a service to the API's `extensions`.
 * Anything else that is thrown is a defect: masked, logged and given an id at the API's edge.
 */
import { randomUUID } from 'node:crypto';

export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'LIMIT_EXCEEDED'
  | 'UNAVAILABLE'
  /** What a client knows is too old to be continued from: it loads everything anew. */
  | 'RESYNC';

/**
 * What exactly happened, for programs: control flow and clients read this code, never a message. Absent = the code says
 * enough. `segment-lost`: a collection's segment file was replaced while it was read. `damaged-file`: a file that
 * Tandem wrote is broken or missing. `storage-full`, `database-full`:
 * no disk space or memory left. `statement-ended`: by the database's timeout, or somebody's cancel. `attempts`: the
 * process that worked on a job died too often. `deadline`: it took longer than work of its kind may. `earlier-job`: the
 * job that had to succeed before did not. `unusable-weights`: they or their vectors are not finite.
 * `undefined-figure`: a figure that the joint score counts has no value, for example because all its vectors are equal.
 * `queue-full`: as many requests as may wait do; the same one may succeed later.
 * `changed-meanwhile`: somebody changed the row after it was read. `rate`: the key has sent more requests than it may;
 * `retryAfter` says when the next one is taken. `silence`: the client sent nothing of a file for too long.
 */
type ErrorReason =
  | 'segment-lost'
  | 'storage-full'
  | 'damaged-file'
  | 'database-full'
  | 'database-unreachable'
  | 'database-read-only'
  | 'database-broken'
  | 'statement-ended'
  | 'transaction-conflict'
  | 'duplicate'
  | 'still-referenced'
  | 'different-adapter'
  | 'stopping'
  | 'cancelled'
  | 'deadline'
  | 'attempts'
  | 'earlier-job'
  | 'unusable-weights'
  | 'undefined-figure'
  | 'queue-full'
  | 'changed-meanwhile'
  | 'rate'
  | 'silence';

export interface ErrorDetails {
  readonly reason?: ErrorReason;
  /** Dotted path of the input that is at fault, or the thing's name. */
  readonly field?: string;
  /** What would have been right. */
  readonly expected?: string;
  /** What the user can do now. */
  readonly remedy?: string;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter?: number;
  /** Several problems of one input, for example the bad lines of an import. */
  readonly problems?: readonly InputProblem[];
}

/** One problem of a file that is read line by line. `line` counts from 1. */
export interface InputProblem {
  readonly file?: string;
  readonly line?: number;
  readonly field?: string;
  readonly message: string;
}

/** A TandemError as plain data, for a message between threads. */
export interface PlainError extends ErrorDetails {
  /** An AbortError says that somebody ended the work, for example a client that went away. */
  readonly name: 'TandemError' | 'Error' | 'AbortError';
  readonly code?: ErrorCode;
  readonly message: string;
  readonly stack?: string;
  /** What Node says of an error of the system (ENOSPC): by it the other thread knows a full disk. */
  readonly system?: SystemError;
  /** Of a defect that was masked: under which the log has it. */
  readonly id?: string;
}

type SystemError = Pick<NodeJS.ErrnoException, 'code' | 'syscall' | 'path'>;

/** Errors that another thread threw. */
const foreign = new WeakSet<Error>();

/** Whether the error came from another thread: then it is none of the database's, to which only this one speaks. */
export const isForeign = (error: Error): boolean => foreign.has(error);

export class TandemError extends Error {
  override readonly name = 'TandemError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/**
 * What is told and stored of a defect. Its own text may hold statements of the database with their parameters: that
 * stands in the log, under the id, and nowhere else.
 */
export class MaskedError extends Error {
  override readonly name = 'Error';
  readonly id: string;

  constructor(id: string = randomUUID()) {
    super(`Something unexpected happened; the log has it under ${id}`);
    this.id = id;
  }
}

export const badInput = (message: string, details?: ErrorDetails) =>
  new TandemError('BAD_USER_INPUT', message, details);
export const notFound = (message: string, details?: ErrorDetails) => new TandemError('NOT_FOUND', message, details);
export const conflict = (message: string, details?: ErrorDetails) => new TandemError('CONFLICT', message, details);
export const limitExceeded = (message: string, details?: ErrorDetails) =>
  new TandemError('LIMIT_EXCEEDED', message, details);
export const resync = (message: string, details?: ErrorDetails) => new TandemError('RESYNC', message, details);
export const unavailable = (message: string, details?: ErrorDetails) =>
  new TandemError('UNAVAILABLE', message, details);

/** States the impossible: a failure here is a defect of Tandem, not of its input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`${message}. This is a bug in Tandem.`);
}

/** Turns anything thrown into plain data that a message port can carry. */
export function toPlainError(error: unknown): PlainError {
  if (error instanceof TandemError) {
    return { name: 'TandemError', code: error.code, message: error.message, stack: error.stack, ...error.details };
  }
  if (error instanceof MaskedError) return { name: 'Error', message: error.message, id: error.id };
  if (error instanceof Error) {
    const name = error.name === 'AbortError' ? error.name : 'Error';
    return { name, message: error.message, stack: error.stack, ...systemOf(error) };
  }
  return { name: 'Error', message: String(error) };
}

function systemOf(error: Error): Pick<PlainError, 'system'> {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || !code.startsWith('E')) return {};
  return { system: { code, ...(syscall !== undefined && { syscall }), ...(path !== undefined && { path }) } };
}

/** What a row keeps of an error: no stack, and of a defect nothing but the id under which its caller logs it. */
export function keptError(error: unknown): PlainError {
  const { stack: _stack, ...kept } = toPlainError(error instanceof TandemError ? error : new MaskedError());
  return kept;
}

/** The inverse of {@link toPlainError}. */
export function fromPlainError(plain: PlainError): Error {
  if (plain.name === 'TandemError' && plain.code !== undefined) {
    const { name: _name, code, message, stack: _stack, ...details } = plain;
    return new TandemError(code, message, details);
  }
  if (plain.id !== undefined) return new MaskedError(plain.id);
  const error = Object.assign(new Error(plain.message), plain.system);
  if (plain.name === 'AbortError') error.name = plain.name;
  foreign.add(error);
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}
