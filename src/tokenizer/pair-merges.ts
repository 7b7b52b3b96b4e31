/**
 * Merging of symbol pairs by frequency, as in Hugging Face's WordPiece trainer: begin with characters, merge the most
 * frequent pair of neighbours in all words into one symbol, repeat. Ties go to the smaller left, then right symbol
 * number, so the same words give the same symbols on every machine.
 */

import { setImmediate } from 'node:timers/promises';

/** A word as symbol numbers, and the number of its occurrences. */
export interface CountedWord {
  symbols: number[];
  readonly count: number;
}

/** Symbols are below 2^26, so a pair is one exact number. */
const pairBase = 2 ** 26;

/** Longest time between two yields: the thread also tokenises the texts of requests, which must not wait. */
const longestStretchMs = 25;

/** Entry of the queue: the pair had this count when it was added. */
interface Candidate {
  readonly pair: number;
  readonly count: number;
}

const isBetter = (a: Candidate, b: Candidate): boolean => a.count > b.count || (a.count === b.count && a.pair < b.pair);

/**
 * Merges pairs until there are `wanted` new symbols or no pair is left. `join` returns the symbol of a pair, which may
 * exist already (two ways to one piece); only new symbols count. Changes the words in place. Yields to the thread's
 * other work every {@link longestStretchMs}, and rejects there if `signal` is aborted.
 */
export async function mergePairs(
  words: CountedWord[],
  wanted: number,
  join: (left: number, right: number) => { readonly symbol: number; readonly isNew: boolean },
  signal?: AbortSignal,
): Promise<void> {
  const pairs = new PairIndex(words);
  let last = performance.now();
  for (let made = 0; made < wanted; ) {
    const pair = pairs.takeBest();
    if (pair === undefined) return;
    const { symbol, isNew } = join(Math.floor(pair / pairBase), pair % pairBase);
    pairs.merge(pair, symbol);
    if (isNew) made++;
    if (performance.now() - last < longestStretchMs) continue;
    await setImmediate();
    signal?.throwIfAborted();
    last = performance.now();
  }
}

/** Counts and positions of all pairs of neighbours, and the most frequent one. */
class PairIndex {
  readonly #words: CountedWord[];
  readonly #counts = new Map<number, number>();
  readonly #places = new Map<number, Set<number>>();
  readonly #queue = new Heap();

  constructor(words: CountedWord[]) {
    this.#words = words;
    for (const index of words.keys()) this.#count(index, 1);
    for (const [pair, count] of this.#counts) this.#queue.push({ pair, count });
  }

  /** The most frequent pair. Entries with an outdated count are queued again with the current one. */
  takeBest(): number | undefined {
    for (let top = this.#queue.pop(); top !== undefined; top = this.#queue.pop()) {
      const count = this.#counts.get(top.pair) ?? 0;
      if (count === top.count && count > 0) return top.pair;
      if (count > 0 && count < top.count) this.#queue.push({ pair: top.pair, count });
    }
    return undefined;
  }

  /** Replaces the pair by its symbol in every word that contains it. */
  merge(pair: number, symbol: number): void {
    const touched = this.#places.get(pair) ?? new Set();
    this.#places.delete(pair);
    const changed = new Set<number>();
    for (const index of touched) {
      const word = this.#words[index];
      this.#count(index, -1);
      word.symbols = replacePair(word.symbols, pair, symbol);
      for (const found of this.#count(index, 1)) changed.add(found);
    }
    this.#counts.delete(pair);
    for (const found of changed) this.#queue.push({ pair: found, count: this.#counts.get(found) ?? 0 });
  }

  /** Adds (sign 1) or subtracts (sign -1) the pairs of one word; returns them. */
  #count(index: number, sign: 1 | -1): number[] {
    const { symbols, count } = this.#words[index];
    const found: number[] = [];
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = symbols[i] * pairBase + symbols[i + 1];
      this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + sign * count);
      if (sign === 1) this.#place(pair, index);
      found.push(pair);
    }
    return found;
  }

  #place(pair: number, index: number): void {
    const places = this.#places.get(pair);
    if (places) places.add(index);
    else this.#places.set(pair, new Set([index]));
  }
}

/** Merges from left to right; a new symbol is not the left side of the next pair. */
function replacePair(symbols: readonly number[], pair: number, symbol: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (i + 1 < symbols.length && symbols[i] * pairBase + symbols[i + 1] === pair) {
      result.push(symbol);
      i++;
    } else {
      result.push(symbols[i]);
    }
  }
  return result;
}

/** Binary heap, best candidate first. */
class Heap {
  readonly #items: Candidate[] = [];

  push(item: Candidate): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBetter(item, items[parent])) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = item;
  }

  pop(): Candidate | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last);
    return top;
  }

  #sink(item: Candidate): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBetter(items[child + 1], items[child])) child++;
      if (!isBetter(items[child], item)) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = item;
  }
}
