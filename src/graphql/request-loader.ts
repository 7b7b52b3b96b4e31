/** What several fields of a type read from the same rows, loaded once per request for all of its objects. */
import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { Tandem } from '../services/tandem.ts';
import type { Context } from './context.ts';
import { loaderOptions } from './nouns.ts';

/** `load`: values in the order of the rows, which may repeat; an error is thrown where its row's value is asked for. */
export function requestLoader<Row, Value>(
  load: (tandem: Tandem, rows: readonly Row[]) => Promise<readonly (Value | Error)[]>,
): (row: Row, context: Context) => Promise<Value> {
  const loaderOf = createContextCache(
    ({ tandem }: Context) => new DataLoader((rows: readonly Row[]) => load(tandem, rows), loaderOptions),
  );
  return (row, context) => loaderOf(context).load(row);
}
