/** Events that many are told: executed once for equal operations, and never mixed up with others. */
import { buildSchema, type ExecutionResult, type GraphQLObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/graphql/context.ts';
import { subscribe } from '../../src/graphql/operations/shared-events.ts';
import { schema as api } from '../../src/graphql/schema.ts';

const schema = buildSchema(`
  type Query { now: Int }
  type Event { seq: Int!, shown(scale: Int): Int!, gone: Boolean!, secret: Int }
  type Subscription { events(after: Int): Event!, failing: Event! }
`);
let executions = 0;
const fields = {
  shown: (item: { seq: number }, { scale = 1 }: { scale?: number }) => {
    executions++;
    return item.seq * scale;
  },
  gone: (_item: unknown, _args: unknown, { signal }: Pick<Context, 'signal'>) => signal.aborted,
  secret: ({ seq }: { seq: number }, _args: unknown, { caller }: Pick<Context, 'caller'>) => {
    if (caller.role === 'admin') return seq;
    throw new Error(`not for ${caller.name}`);
  },
};
for (const [name, resolve] of Object.entries(fields)) {
  const field = (schema.getType('Event') as GraphQLObjectType).getFields()[name];
  if (field) field.resolve = resolve;
}
const items = Array.from({ length: 5 }, (_, i) => ({ seq: i + 1 }));
const subscriptions = schema.getSubscriptionType()?.getFields() ?? {};
for (const [name, field] of Object.entries(subscriptions)) {
  field.resolve = (item) => item;
  field.subscribe = async function* (_root, { after = 0 }: { after?: number }) {
    if (name === 'failing') throw new Error('the log is gone');
    yield* items.slice(after);
  };
}

const viewer = { name: 'a', role: 'viewer' };

async function follow(text: string, variableValues = {}, document = parse(text), caller = viewer) {
  const gone = new AbortController();
  const position = { lastEventId: undefined, eventId: undefined as string | undefined, begun: true };
  const contextValue = { signal: gone.signal, position, caller };
  const results = await subscribe({ schema, document, variableValues, contextValue });
  if (!(Symbol.asyncIterator in results)) throw new Error(JSON.stringify(results));
  return { results, gone, position };
}

/** What each of several is told, step by step side by side, and how often `shown` was executed for it. */
async function together(followed: readonly Awaited<ReturnType<typeof follow>>[]) {
  executions = 0;
  const told: ExecutionResult['data'][][] = followed.map(() => []);
  for (let open = true; open; ) {
    const steps = await Promise.all(followed.map(({ results }) => results.next()));
    for (const [i, { value }] of steps.entries()) if (value) told[i]?.push(value.data);
    open = steps.some(({ done }) => !done);
  }
  return { told: JSON.parse(JSON.stringify(told)), executions };
}

describe('an event', () => {
  const text = 'subscription ($after: Int) { events(after: $after) { seq shown } }';
  const document = parse(text);

  it('is executed once for equal operations, wherever they begin', async () => {
    const followers = await Promise.all([0, 0, 0].map((after) => follow(text, { after }, document)));
    expect((await together(followers)).executions).toBe(5);
    const late = await together([await follow(text, { after: 3 }, document)]);
    expect(late).toEqual({
      told: [[{ events: { seq: 4, shown: 4 } }, { events: { seq: 5, shown: 5 } }]],
      executions: 0,
    });
    expect(followers[0]?.position.eventId).toBe('5');
  });

  it('is executed for each where what they select differs by a variable or by the operation', async () => {
    const scaled = 'subscription ($scale: Int) { events(after: 4) { shown(scale: $scale) } }';
    const byVariable = parse(scaled);
    const byName = parse(
      'subscription A { events(after: 4) { shown } } subscription B { events(after: 4) { x: shown } }',
    );
    const followers = [await follow(scaled, { scale: 2 }, byVariable), await follow(scaled, { scale: 3 }, byVariable)];
    for (const operationName of ['A', 'B']) {
      const position = { lastEventId: undefined, eventId: undefined, begun: true };
      const contextValue = { signal: new AbortController().signal, position, caller: viewer };
      const results = await subscribe({ schema, document: byName, operationName, contextValue });
      followers.push({ results: results as AsyncGenerator<ExecutionResult>, gone: new AbortController(), position });
    }
    expect(await together(followers)).toEqual({
      told: [
        [{ events: { shown: 10 } }],
        [{ events: { shown: 15 } }],
        [{ events: { shown: 5 } }],
        [{ events: { x: 5 } }],
      ],
      executions: 4,
    });
  });

  it('is executed for each role, and for each caller where it fails', async () => {
    const secret = 'subscription { events(after: 4) { secret } }';
    const asked = parse(secret);
    const callers = [viewer, { name: 'b', role: 'viewer' }, { name: 'c', role: 'admin' }];
    const followers = await Promise.all(callers.map((caller) => follow(secret, {}, asked, caller)));
    const told = await Promise.all(followers.map(async ({ results }) => (await results.next()).value));
    expect(told.map(({ data, errors }) => [data.events.secret, errors?.[0]?.message])).toEqual([
      [null, 'not for a'],
      [null, 'not for b'],
      [5, undefined],
    ]);
  });

  it('does not end for others with the connection of the first', async () => {
    const first = await follow('subscription { events { gone } }');
    first.gone.abort();
    expect((await first.results.next()).value).toEqual({ data: { events: { gone: false } } });
  });
});

it('tells that what was followed failed, with the operation', async () => {
  const { results } = await follow('subscription { failing { seq } }');
  await expect(results.next()).rejects.toMatchObject({
    message: 'the log is gone',
    locations: [{ line: 1, column: 1 }],
  });
});

it('is fit for every subscription of the API: the event is what is resolved, whatever the arguments', () => {
  const item = { seq: 1 };
  for (const { name, resolve } of Object.values(api.getSubscriptionType()?.getFields() ?? {})) {
    expect([name, resolve?.(item, {}, {}, {} as never)]).toEqual([name, item]);
  }
});
