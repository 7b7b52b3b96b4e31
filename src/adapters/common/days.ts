/**
 * What a plain day (2026-11-30), as date inputs of pages give it, means where the API takes instants: the whole day in
 * the time zone of the page.
 */

type Range = Readonly<Record<string, unknown>>;

/** The first instant of a day and that of the next one; undefined for any other value. */
function boundsOf(value: unknown): readonly [first: string, next: string] | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return undefined;
  // Without a zone it is local time.
  const first = new Date(`${value}T00:00`);
  // The 31st of February is left to the server, which says what is wrong with it.
  if (first.getDate() !== Number(value.slice(8))) return undefined;
  const next = new Date(first.getFullYear(), first.getMonth(), first.getDate() + 1);
  return [first.toISOString(), next.toISOString()];
}

const isDay = (value: unknown): boolean => boundsOf(value) !== undefined;

function compared(by: string, value: unknown): Range {
  const bounds = boundsOf(value);
  if (!bounds) return { [by]: value };
  const [first, next] = bounds;
  if (by === 'eq') return { gte: first, lt: next };
  if (by === 'gt' || by === 'gte') return { gte: by === 'gt' ? next : first };
  return { lt: by === 'lt' ? first : next };
}

/** The filter for a range of instants in a field, where days are meant as a whole. */
export function rangeOfDays(name: string, range: Range): Range {
  if (!Object.values(range).flat().some(isDay)) return { [name]: range };
  const filters = Object.entries(range).map(([by, value]) =>
    Array.isArray(value)
      ? { or: value.map((each) => ({ [name]: compared('eq', each) })) }
      : { [name]: compared(by, value) },
  );
  return filters.length === 1 ? (filters[0] as Range) : { and: filters };
}
