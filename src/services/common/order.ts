/** `orderBy` as SQL. The id comes last, so that an order is total and pages never overlap. */
import { type AnyColumn, asc, desc, type SQL } from 'drizzle-orm';

export interface OrderBy<Field extends string> {
  readonly field: Field;
  readonly direction: 'asc' | 'desc';
}

export function orderOf<Field extends string>(
  orderBy: OrderBy<Field> | null | undefined,
  columns: Readonly<Record<Field, AnyColumn>>,
  { createdAt, id }: { readonly createdAt: AnyColumn; readonly id: AnyColumn },
): SQL[] {
  if (!orderBy) return [desc(createdAt), desc(id)];
  const way = orderBy.direction === 'asc' ? asc : desc;
  return [way(columns[orderBy.field]), way(createdAt), way(id)];
}
