/**
 * Connections over a window of rows. Cursors are positions in the order asked for; a page is never larger than the
 * limit.
 */
import { resolveOffsetConnection } from '@pothos/plugin-relay';
import type { Page, Window } from '../services/common/page.ts';
import type { Context } from './context.ts';

export interface ConnectionArguments {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly before?: string | null;
  readonly after?: string | null;
}

export { defaultPageSize } from './lists/window.ts';

import { defaultPageSize } from './lists/window.ts';

/** Loads the window that the arguments name and puts the whole list's count beside it. */
export async function connect<T extends object>(
  args: ConnectionArguments,
  context: Context,
  load: (window: Window) => Promise<Page<T>>,
) {
  let totalCount = 0;
  const maxSize = context.tandem.config.limits.pageSize;
  const connection = await resolveOffsetConnection(
    { args: { ...args }, defaultSize: Math.min(defaultPageSize, maxSize), maxSize },
    async ({ offset, limit }): Promise<T[]> => {
      const page = await load({ offset, limit });
      totalCount = page.totalCount;
      return [...page.items];
    },
  );
  return { ...connection, totalCount };
}

/** The same of a list that may not be there: null where `load` finds none. */
export async function connectIfThere<T extends object>(
  args: ConnectionArguments,
  context: Context,
  load: (window: Window) => Promise<Page<T> | null>,
) {
  let isThere = true;
  const connection = await connect<T>(args, context, async (window) => {
    const page = await load(window);
    isThere = page !== null;
    return page ?? { items: [], totalCount: 0 };
  });
  return isThere ? connection : null;
}
