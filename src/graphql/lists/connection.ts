/**
 * Connections over whatever a list lies in. Nothing is read before it is selected: not the page, not the count, not
 * whether anything precedes or follows.
 */
import type { PageInfoShape } from '@pothos/plugin-relay';
import type { Item, Source, Window } from '../../services/common/listing/types.ts';
import type { Context } from '../context.ts';
import { type ConnectionArguments, windowOf } from './window.ts';

interface Page<Row> {
  readonly items: readonly Item<Row>[];
  /** Whether the reading itself saw that items precede or follow. */
  readonly precede: boolean;
  readonly follow: boolean;
}

/** Throws BAD_USER_INPUT for arguments that cannot be, before anything is read. */
export function connect<Row extends object>(args: ConnectionArguments, { tandem }: Context, source: Source<Row>) {
  const { keep, ...window } = windowOf(args, source, tandem.config.limits.pageSize);
  let read: Promise<Page<Row>> | undefined;
  const page = () => (read ??= readPage(source, window, keep));
  /** Whether the list goes on before the page or, else, behind it. */
  const goesOn = async (before: boolean): Promise<boolean> => {
    const { items } = await page();
    const end = (before ? items[0] : items.at(-1))?.place ?? null;
    const bounds = before ? { before: end, after: null } : { before: null, after: end };
    return (await source.items({ ...bounds, backwards: before, limit: 1, offset: 0 })).length > 0;
  };
  const isCutBefore = window.after !== null || window.offset > 0;
  const isCutBehind = window.before !== null;
  return {
    get edges() {
      return page().then(({ items }) => items.map(({ node, place }) => ({ node, cursor: source.cursor(place) })));
    },
    get totalCount() {
      return source.count();
    },
    pageInfo: asShape({
      get hasPreviousPage() {
        return page().then(({ precede }) => precede || (isCutBefore && goesOn(true)));
      },
      get hasNextPage() {
        return page().then(({ follow }) => follow || (isCutBehind && goesOn(false)));
      },
      get startCursor() {
        return page().then(({ items }) => (items[0] ? source.cursor(items[0].place) : null));
      },
      get endCursor() {
        return page().then(({ items }) => (items.length > 0 ? source.cursor(items.at(-1)!.place) : null));
      },
    }),
  };
}

/** The type of the library knows no promises in these fields; whoever resolves them awaits them. */
const asShape = (pageInfo: Readonly<Record<keyof PageInfoShape, unknown>>): PageInfoShape => pageInfo as PageInfoShape;

/** Reads one item more than the page has. `keep`: how many of them count, from the end. */
async function readPage<Row>(source: Source<Row>, window: Window, keep: number): Promise<Page<Row>> {
  const { limit, backwards } = window;
  const found = await source.items({ ...window, limit: limit + 1 });
  const more = found.length > limit;
  if (backwards) return { items: more ? found.slice(1) : found, precede: more, follow: false };
  const items = found.slice(0, limit);
  const dropped = Math.max(0, items.length - keep);
  return { items: items.slice(dropped), precede: dropped > 0, follow: more };
}
