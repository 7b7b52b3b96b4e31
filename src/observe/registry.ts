/**
 * Counters, gauges and histograms, and the text format in which Prometheus reads them (version 0.0.4,
 * prometheus.io/docs/instrumenting/exposition_formats). Plain memory: nothing here does I/O.
 */

export type MetricType = 'counter' | 'gauge' | 'histogram';

type Labels<Name extends string> = Readonly<Record<Name, string>>;

/** One line: a value under a metric's name, and `suffix` where a histogram has several. */
export interface Sample {
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with the values that it has now. */
export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What can be read as a family at any time. */
export interface Instrument {
  family(): Family;
}

/** The values of one metric, by those of its labels. */
class Series<Value> {
  readonly #values = new Map<string, { readonly labels: Readonly<Record<string, string>>; readonly value: Value }>();

  of(labels: Readonly<Record<string, string>>, make: () => Value): Value {
    const key = JSON.stringify(Object.values(labels));
    const found = this.#values.get(key);
    if (found) return found.value;
    const value = make();
    this.#values.set(key, { labels, value });
    return value;
  }

  samples(read: (value: Value, labels: Readonly<Record<string, string>>) => readonly Sample[]): Sample[] {
    return [...this.#values.values()].flatMap(({ value, labels }) => read(value, labels));
  }
}

/** A number that only grows while the process lives. Its name ends in `_total`. */
export class Counter<Name extends string = never> implements Instrument {
  readonly #series = new Series<{ value: number }>();
  readonly #about: Omit<Family, 'samples'>;

  constructor(name: `${string}_total`, help: string) {
    this.#about = { name, help, type: 'counter' };
  }

  add(labels: Labels<Name>, by = 1): void {
    this.#series.of(labels, () => ({ value: 0 })).value += by;
  }

  family(): Family {
    return { ...this.#about, samples: this.#series.samples(({ value }, labels) => [{ labels, value }]) };
  }
}

/** A number that goes up and down. */
export class Gauge<Name extends string = never> implements Instrument {
  readonly #series = new Series<{ value: number }>();
  readonly #about: Omit<Family, 'samples'>;

  constructor(name: string, help: string) {
    this.#about = { name, help, type: 'gauge' };
  }

  add(labels: Labels<Name>, by: number): void {
    this.#series.of(labels, () => ({ value: 0 })).value += by;
  }

  family(): Family {
    return { ...this.#about, samples: this.#series.samples(({ value }, labels) => [{ labels, value }]) };
  }
}

/** Seconds from a millisecond to ten minutes, about three steps in every tenfold. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600];

interface Distribution {
  /** Of each bucket by itself; behind the last, what is larger than all. */
  readonly counts: number[];
  sum: number;
}

/** How values are distributed, by upper bounds in ascending order. */
export class Histogram<Name extends string = never> implements Instrument {
  readonly #series = new Series<Distribution>();
  readonly #about: Omit<Family, 'samples'>;
  readonly #bounds: readonly number[];

  constructor(name: `${string}_seconds`, help: string, bounds: readonly number[] = secondsBuckets) {
    this.#about = { name, help, type: 'histogram' };
    this.#bounds = bounds;
  }

  observe(labels: Labels<Name>, value: number): void {
    const made = (): Distribution => ({ counts: new Array<number>(this.#bounds.length + 1).fill(0), sum: 0 });
    const found = this.#series.of(labels, made);
    const at = this.#bounds.findIndex((bound) => value <= bound);
    found.counts[at < 0 ? this.#bounds.length : at]! += 1;
    found.sum += value;
  }

  family(): Family {
    return { ...this.#about, samples: this.#series.samples((value, labels) => this.#samplesOf(value, labels)) };
  }

  #samplesOf({ counts, sum }: Distribution, labels: Readonly<Record<string, string>>): Sample[] {
    let total = 0;
    const buckets = counts.map((count, i): Sample => {
      total += count;
      const le = i < this.#bounds.length ? String(this.#bounds[i]) : '+Inf';
      return { suffix: '_bucket', labels: { ...labels, le }, value: total };
    });
    return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: total }];
  }
}

/**
 * Names that callers choose, as values of a label: the first `most` different ones, then `other`. Without a bound
 * anybody could fill the memory of this process and of Prometheus with names.
 */
export class BoundedNames {
  readonly #known = new Set<string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  of(name: string): string {
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.#most || name.length > 100) return 'other';
    this.#known.add(name);
    return name;
  }
}

/** The families as text. */
export function exposition(families: readonly Family[]): string {
  const lines = families.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ suffix = '', labels, value }) => `${name}${suffix}${labelsText(labels)} ${numberText(value)}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
