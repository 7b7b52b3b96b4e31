/** One fuzzed request: drawn by its number, sent, and judged. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { between, type Draws, drawsOf, pick } from '../draws.ts';
import { accessHeaders } from './access.ts';
import { corrupt, type Operation, operationOn, type Root } from './documents.ts';
import { type Answered, answersIn, faultsOf, resultsOf } from './judge.ts';
import type { Pool } from './pool.ts';
import { type SocketRequest, sendSocket, socketRequest } from './socket.ts';
import { sendWire, type WireRequest, wireForms, wireRequest } from './wire.ts';

export interface Target {
  readonly schema: GraphQLSchema;
  readonly roots: readonly Root[];
  readonly port: number;
  /** The header of a key of the role viewer. */
  readonly viewer: string;
  /** Paths below it are no matter of a client. */
  readonly dataDir: string;
  readonly seed: number;
}

/** `cutMs`: the client goes away after that. */
interface Posted {
  readonly what: string;
  readonly operation: Operation;
  /** Who asks, and from where. */
  readonly access: Readonly<Record<string, string>>;
  readonly cutMs: number | undefined;
}

interface Connected {
  readonly what: string;
  readonly operation: Operation;
  readonly socket: SocketRequest;
}

type Plan = Posted | Connected | { readonly what: string; readonly wire: WireRequest };

export interface Outcome {
  readonly number: number;
  readonly what: string;
  /** By Date.now(). */
  readonly begun: number;
  readonly ended: number;
  readonly statuses: readonly number[];
  /** Codes of the errors, with their reasons. */
  readonly codes: readonly string[];
  /** Root fields that gave data, or an error of their own. */
  readonly reached: readonly string[];
  readonly faults: readonly string[];
  /** What was sent, where there are faults. */
  readonly shown: string;
}

/** No request of an attack takes longer: the client goes away. */
const patienceMs = 15_000;
/** How long a subscription is read. */
const listenMs = 150;

/** The n-th request of a seed. Its ids are those of the pool, in their order. */
function planOf(target: Target, pool: Pool, number: number): Plan {
  const { schema, roots, seed } = target;
  const draw = drawsOf(1 + (((seed * 10_007 + number) * 2_654_435) % 2_147_483_646));
  for (let i = 0; i < 3; i++) draw();
  const root = roots[number % roots.length]!;
  const operation = operationOn(schema, root, draw, pool, pick(draw, [0, 0, 0.05, 0.2, 0.6])!);
  const share = draw();
  if (share < 0.3) return wired(draw, target, operation);
  if (share < 0.36) return { what: 'socket', operation, socket: socketRequest(draw, target, operation) };
  const cutMs = draw() < 0.08 ? between(draw, 0, 50) : undefined;
  const access = accessHeaders(draw, target);
  if (share < 0.55) return { what: `corrupt ${root.field.name}`, operation: corrupt(operation, draw), access, cutMs };
  return { what: `${root.kind} ${root.field.name}`, operation, access, cutMs };
}

/** A third of what is sent by a socket of its own knocks at the door: keys, origins, hosts, preflights. */
function wired(draw: Draws, target: Target, operation: Operation): Plan {
  const what = draw() < 0.33 ? 'door' : pick(draw, wireForms)!;
  return { what: `wire ${what}`, wire: wireRequest(what, draw, target, operation) };
}

export async function attack(target: Target, pool: Pool, number: number): Promise<Outcome> {
  const plan = planOf(target, pool, number);
  const begun = Date.now();
  const answers = await send(target, plan);
  const faults = answers.flatMap((answer) => faultsOf(answer, target.dataDir));
  const results = answers.flatMap((answer) => (faults.length > 0 ? [] : resultsOf(answer)));
  const errors = results.flatMap((result) => result.errors ?? []);
  return {
    ...{ number, what: plan.what, begun, ended: Date.now(), faults },
    statuses: answers.map(({ status }) => status),
    codes: errors.map(({ extensions }) => `${extensions?.code} ${extensions?.reason ?? ''}`.trim()),
    reached: 'wire' in plan ? [] : reachedBy(plan.operation, results),
    shown: faults.length > 0 ? shownOf(plan, answers) : '',
  };
}

async function send(target: Target, plan: Plan): Promise<Answered[]> {
  if ('wire' in plan) return answersIn(await sendWire(target.port, plan.wire));
  return 'socket' in plan ? sendSocket(target.port, plan.socket) : post(target, plan);
}

/** None if the client went away before the answer. */
async function post({ port }: Target, { operation, access, cutMs }: Posted): Promise<Answered[]> {
  const { kind, query, variables } = operation;
  const streams = kind === 'subscription';
  const signal = AbortSignal.timeout(cutMs ?? patienceMs);
  // A connection for each: one that is kept alive may be closed by the server at the moment in which it is used again.
  const sent = request({
    ...{ host: '127.0.0.1', port, path: '/graphql', method: 'POST', agent: false, signal },
    headers: {
      ...{ 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1', ...access },
      accept: streams ? 'text/event-stream' : 'application/json',
    },
  });
  try {
    sent.end(JSON.stringify({ query, variables }));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const type = (response.headers['content-type'] ?? '').split(';')[0]!;
    return [{ status: response.statusCode ?? 0, type, body: await read(response) }];
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

/** A stream of events is read for a while; then the client goes away. */
async function read(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  const timer = response.headers['content-type']?.includes('event-stream')
    ? setTimeout(() => response.destroy(), listenMs)
    : undefined;
  response.on('data', (part: Buffer) => parts.push(part));
  await once(response, timer ? 'close' : 'end');
  clearTimeout(timer);
  return Buffer.concat(parts).toString();
}

function reachedBy({ kind }: Operation, results: ReturnType<typeof resultsOf>): string[] {
  const ofData = results.flatMap(({ data }) =>
    Object.entries(data ?? {}).flatMap(([name, value]) => (value === null ? [] : [name])),
  );
  const ofErrors = results.flatMap(({ errors = [] }) =>
    errors.flatMap(({ path }) => (Array.isArray(path) ? [String(path[0])] : [])),
  );
  return [...new Set([...ofData, ...ofErrors])].map((name) => `${kind} ${name}`);
}

/** Short enough to be printed, whole enough to be sent again. */
function shownOf(plan: Plan, answers: readonly Answered[]): string {
  const sent =
    'wire' in plan
      ? JSON.stringify(plan.wire.parts.map((part) => part.subarray(0, 2_000).toString('latin1')))
      : JSON.stringify('socket' in plan ? plan.socket : { ...plan.access, ...plan.operation }).slice(0, 4_000);
  const came = answers.map(({ status, body }) => `${status} ${body.slice(0, 1_000)}`).join('\n');
  return `${plan.what}\n${sent}\n-> ${came}`;
}
