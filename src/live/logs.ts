/**
 * Logs that many follow: rows that are only ever added, numbered without gaps. What is new is read once, whoever
 * follows, and its newest part stays in memory; a reader that is further behind reads pages, which those who come back
 * at the same time share. Nothing is queued for a reader, so a slow one holds one page and no more.
 */
import { LRUCache } from 'lru-cache';
import type { Notifier, Waiter } from './notifier.ts';
import { SharedCall } from './shared-call.ts';

/** Where a log stands, with whatever else its readers want to know at once. */
export interface Head {
  readonly lastSeq: number;
}

export interface Item {
  readonly seq: number;
}

interface LogSource<H extends Head, I extends Item> {
  readonly head: (id: string) => Promise<H>;
  /** Items with a larger seq in their order, as many as there are or a page. */
  readonly page: (id: string, after: number) => Promise<readonly I[]>;
}

export interface LogReader<H extends Head, I extends Item> {
  /** How the log stands, and what it has behind `after`: empty only where that is its end. */
  read(after: number): Promise<{ readonly head: H; readonly items: readonly I[] }>;
  wait: Waiter['wait'];
  detach(): void;
}

/** Items of each log that stay in memory, and that one reader is given at once. */
const kept = 2_000;
const pageSize = 200;
/** Older pages of each log that stay in memory. */
const keptPages = 4;

export class Logs<H extends Head, I extends Item> {
  readonly #source: LogSource<H, I>;
  readonly #notifier: Notifier;
  readonly #tails = new Map<string, Tail<H, I>>();

  constructor(source: LogSource<H, I>, notifier: Notifier) {
    this.#source = source;
    this.#notifier = notifier;
  }

  /** Before the reader reads: it misses nothing that is told from now on. */
  attach(id: string): LogReader<H, I> {
    const waiter = this.#notifier.attach(id);
    const tail = this.#tails.get(id) ?? new Tail(id, this.#source, waiter);
    this.#tails.set(id, tail);
    tail.enter();
    return {
      read: (after) => tail.read(after, waiter.wakes),
      wait: (ms, signal) => waiter.wait(ms, signal),
      detach: () => {
        waiter.detach();
        if (tail.leave() === 0) this.#tails.delete(id);
      },
    };
  }
}

/** The newest part of one log: the items behind `#from`. */
class Tail<H extends Head, I extends Item> {
  readonly #id: string;
  readonly #source: LogSource<H, I>;
  readonly #refresh = new SharedCall(() => this.#readNew());
  #readers = 0;
  #items: I[] = [];
  #from: number | undefined;
  /** As it was read at this number of notifications; undefined = it has to be read again. */
  #head: { readonly at: number; readonly value: H } | undefined;
  readonly #wakes: () => number;
  /** By the number that they follow. What stands before `#from` does not change. */
  readonly #pages = new LRUCache<number, Promise<readonly I[]>>({ max: keptPages });

  constructor(id: string, source: LogSource<H, I>, waiter: Waiter) {
    this.#id = id;
    this.#source = source;
    this.#wakes = () => waiter.wakes;
  }

  /** What another process wrote was not told here: a new reader has it read. */
  enter(): void {
    this.#readers++;
    this.#head = undefined;
  }

  leave(): number {
    return --this.#readers;
  }

  async read(after: number, wakes: number): Promise<{ readonly head: H; readonly items: readonly I[] }> {
    const head = this.#head && this.#head.at >= wakes ? this.#head.value : await this.#refresh.now();
    const from = this.#from ?? head.lastSeq;
    if (after < from) return { head, items: await this.#page(after) };
    return { head, items: this.#items.slice(after - from, after - from + pageSize) };
  }

  #page(after: number): Promise<readonly I[]> {
    const known = this.#pages.get(after);
    if (known) return known;
    // A query of Drizzle would run once for each who awaits it.
    const page = Promise.resolve(this.#source.page(this.#id, after));
    this.#pages.set(after, page);
    page.catch(() => this.#pages.delete(after));
    return page;
  }

  /** The head first: what it says is there, is there when the items are read. */
  async #readNew(): Promise<H> {
    const at = this.#wakes();
    const value = await this.#source.head(this.#id);
    let last = (this.#from ?? value.lastSeq) + this.#items.length;
    if (this.#from === undefined || value.lastSeq - last > kept) {
      this.#items = [];
      this.#from = value.lastSeq;
      last = value.lastSeq;
    }
    while (last < value.lastSeq) {
      const page = await this.#source.page(this.#id, last);
      if (page.length === 0) break;
      this.#items.push(...page);
      last += page.length;
    }
    const over = this.#items.length - kept;
    if (over > 0) {
      this.#items.splice(0, over);
      this.#from += over;
    }
    this.#head = { at, value };
    return value;
  }
}
