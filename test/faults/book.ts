/**
 * What clients were told, kept outside of the server: every acknowledged row with its facts, every acknowledged
 * deletion, and what is under way, of which either state is right.
 */
import { isDeepStrictEqual } from 'node:util';
import type { KeptNoun, Row } from './rows.ts';

/** Null = there is no such row. */
type State = Row | null;

interface Entry {
  readonly noun: KeptNoun;
  is: State;
  /** What it is once the request that is under way is done. */
  next?: State;
}

type Found = Readonly<Record<KeptNoun, readonly Row[]>>;

const isLike = (found: Row | undefined, state: State): boolean =>
  state === null
    ? found === undefined
    : found !== undefined && Object.entries(state).every(([field, value]) => isDeepStrictEqual(found[field], value));

export class Book {
  readonly #entries = new Map<string, Entry>();
  /** Vectors by text: of one checkpoint, on every server. */
  readonly #vectors = new Map<string, unknown>();
  #acknowledged = 0;

  /** Writes that were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The rows are acknowledged as they are here: new ones, or more facts of older ones. */
  keep(noun: KeptNoun, ...rows: readonly Row[]): void {
    for (const row of rows) this.#entries.set(row.id, { noun, is: row });
    this.#acknowledged += 1;
  }

  /** Rows that are there before the first kill. */
  begin(found: Found): void {
    for (const [noun, rows] of Object.entries(found)) if (rows.length > 0) this.keep(noun as KeptNoun, ...rows);
    this.#acknowledged = 0;
  }

  get(id: string): State {
    return this.#entries.get(id)?.is ?? null;
  }

  /** Ids of the rows of a noun whose facts include these. */
  having(noun: KeptNoun, facts: Readonly<Record<string, unknown>>): string[] {
    return [...this.#entries]
      .filter(([, { noun: own, is }]) => own === noun && is !== null && isLike(is, facts as Row))
      .map(([id]) => id);
  }

  /** What goes with a row that is deleted. */
  below(noun: KeptNoun, id: string): [KeptNoun, string][] {
    const checkpoints = (facts: Readonly<Record<string, unknown>>) =>
      this.having('checkpoints', facts).map((each): [KeptNoun, string] => ['checkpoints', each]);
    if (noun === 'models') return checkpoints({ model: { id } });
    if (noun === 'runs') return checkpoints({ run: { id } });
    if (noun !== 'collections') return [];
    const own = [...this.#entries].filter(([each, entry]) => entry.noun === 'documents' && each.startsWith(`${id} `));
    return own.map(([each]) => ['documents', each]);
  }

  /** Runs a request that changes these rows; resolves once it is acknowledged. */
  async change<T>(changes: readonly (readonly [KeptNoun, string, State])[], request: () => Promise<T>): Promise<T> {
    for (const [noun, id, next] of changes) {
      const entry = this.#entries.get(id) ?? { noun, is: null };
      this.#entries.set(id, { ...entry, next });
    }
    const answer = await request();
    for (const [noun, id, is] of changes) this.#entries.set(id, { noun, is });
    this.#acknowledged += 1;
    return answer;
  }

  /** What is not as it was acknowledged; with `exactly` also what nobody was told of. */
  differences(found: Found, { exactly = false } = {}): string[] {
    const rows = new Map<string, Row>();
    const faults: string[] = [];
    for (const [noun, list] of Object.entries(found)) {
      for (const row of list) {
        if (rows.has(row.id)) faults.push(`twice: ${noun} ${row.id}`);
        rows.set(row.id, row);
        if (exactly && (this.#entries.get(row.id)?.is ?? null) === null)
          faults.push(`not asked for: ${noun} ${JSON.stringify(row)}`);
      }
    }
    for (const [id, { noun, is, next }] of this.#entries) {
      const row = rows.get(id);
      if (isLike(row, is) || (next !== undefined && isLike(row, next))) continue;
      faults.push(`${noun} ${id} was acknowledged as ${JSON.stringify(is)}, is ${JSON.stringify(row)}`);
    }
    return [...faults, ...this.#otherVectors(found.documents)];
  }

  #otherVectors(documents: readonly Row[]): string[] {
    return documents.flatMap(({ id, text, embedding }) => {
      const vector = this.#vectors.get(String(text)) ?? embedding;
      this.#vectors.set(String(text), vector);
      return isDeepStrictEqual(vector, embedding) ? [] : [`the vector of ${id} differs from that of an equal text`];
    });
  }
}
