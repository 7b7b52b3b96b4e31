/**
 * Where the reader of a subscription stands. Each subscription that can be continued, which is each with the argument
 * `after`, numbers its events; the number of the last one is told with it, whatever the operation selects, and a reader
 * that comes back names it: as the header Last-Event-ID, or as `extensions.lastEventId` of the request, where several
 * operations share a connection.
 */
import type { GraphQLField, GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import { badInput } from '../../errors.ts';
import type { Context, EventPosition } from '../context.ts';

const positions = new WeakMap<Request, EventPosition>();

/** Where the reader that sends this request says that it stands. */
export function positionOf(request: Request, extensions: unknown): EventPosition {
  const { lastEventId } = (extensions ?? {}) as { readonly lastEventId?: unknown };
  const told = lastEventId ?? request.headers.get('last-event-id') ?? '';
  const position = { lastEventId: told === '' ? undefined : String(told), eventId: undefined, begun: false };
  positions.set(request, position);
  return position;
}

/** The same, of a request whose context was made. */
export const knownPosition = (request: Request): EventPosition | undefined => positions.get(request);

/** Has every subscription with the argument `after` keep to the position in the context; returns the schema. */
export function withEventPositions(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    if (!field.args.some(({ name }) => name === 'after')) continue;
    const { subscribe } = field as GraphQLField<unknown, Context>;
    field.subscribe = (root: unknown, args: object, context: Context, info: GraphQLResolveInfo) =>
      subscribe?.(root, { ...args, ...continued(context.position) }, context, info);
  }
  return schema;
}

/** The argument `after` of a reader that comes back. Throws BAD_USER_INPUT if its position is none. */
function continued({ lastEventId }: EventPosition): { readonly after?: number } {
  if (lastEventId === undefined) return {};
  const after = /^\d{1,16}$/.test(lastEventId) ? Number(lastEventId) : Number.NaN;
  if (Number.isSafeInteger(after)) return { after };
  throw badInput(`The last event is ${JSON.stringify(lastEventId.slice(0, 100))}`, {
    field: 'Last-Event-ID',
    expected: 'the id of an event of this subscription, a whole number',
    remedy: 'Send the id of the last event that you saw, or leave it out to begin.',
  });
}

/** Events of a run and changes have a seq, a job as it was after an event has that event's. Others have none. */
export function numberOf(item: unknown): string | undefined {
  const { seq, lastSeq } = item as { readonly seq?: unknown; readonly lastSeq?: unknown };
  const number = seq ?? lastSeq;
  return number === undefined || number === null ? undefined : String(number);
}
