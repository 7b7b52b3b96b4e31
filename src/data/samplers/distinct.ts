/**
 * Batches in which no two records show the same text (docs/method.md section 3). A record that would repeat one waits
 * for the next batch that lacks it; what makes no whole batch at the end of a pass is left out of that pass.
 */

/** Numbers of the texts that a record shows; it may show one twice. */
type TextsOf = (record: number) => readonly number[];

/** Records of one pass, as batches of `size`, each [size]. `order` is the pass's permutation. */
export function* distinctBatches(order: Uint32Array, size: number, textsOf: TextsOf): Generator<Uint32Array> {
  const waiting = new Waiting();
  let next = 0;
  for (;;) {
    const batch = new Batch(size, textsOf);
    waiting.fill(batch);
    for (; next < order.length && !batch.isFull; next++) {
      const text = batch.add(order[next]!);
      if (text !== undefined) waiting.add(text, order[next]!);
    }
    if (!batch.isFull) return;
    yield Uint32Array.from(batch.records);
  }
}

class Batch {
  readonly records: number[] = [];
  readonly #size: number;
  readonly #textsOf: TextsOf;
  readonly #shown = new Set<number>();

  constructor(size: number, textsOf: TextsOf) {
    this.#size = size;
    this.#textsOf = textsOf;
  }

  get isFull(): boolean {
    return this.records.length === this.#size;
  }

  /** Adds a record, unless the batch shows one of its texts already: then it returns that text. */
  add(record: number): number | undefined {
    const texts = this.#textsOf(record);
    const repeated = texts.find((text) => this.#shown.has(text));
    if (repeated !== undefined) return repeated;
    for (const text of texts) this.#shown.add(text);
    this.records.push(record);
    return undefined;
  }
}

interface Queue {
  readonly records: number[];
  /** The first that still waits. */
  first: number;
}

/**
 * Records that wait, in queues by the text that kept them out. Of one queue at most one fits into a batch, since all of
 * it show that text: so a batch tries little more records than it takes.
 */
class Waiting {
  readonly #queues = new Map<number, Queue>();

  add(text: number, record: number): void {
    const queue = this.#queues.get(text);
    if (queue) queue.records.push(record);
    else this.#queues.set(text, { records: [record], first: 0 });
  }

  /** Puts into an empty batch what fits, queue by queue. */
  fill(batch: Batch): void {
    const moved: (readonly [text: number, record: number])[] = [];
    for (const [text, queue] of this.#queues) {
      if (batch.isFull) break;
      while (queue.first < queue.records.length) {
        const record = queue.records[queue.first++]!;
        const repeated = batch.add(record);
        if (repeated === undefined) break;
        moved.push([repeated, record]);
      }
      if (queue.first === queue.records.length) this.#queues.delete(text);
    }
    for (const [text, record] of moved) this.add(text, record);
  }
}
