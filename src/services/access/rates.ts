/**
 * How many requests a caller may send: a token bucket for each, which holds `burst` requests and fills up by
 * `perMinute`. In memory, since each process serves its own requests; as many as there are keys.
 */
import type { Rate } from '../../environment/types.ts';

interface Bucket {
  /** Requests that it holds, at the time `at`. */
  level: number;
  /** In milliseconds, by the clock of the buckets. */
  at: number;
}

export class TokenBuckets {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `now`: milliseconds of a clock that only goes forward. */
  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Takes one request; null = it was there, else the seconds until it is. */
  take(name: string): number | null {
    const bucket = this.#bucketOf(name);
    const level = this.#levelOf(bucket);
    if (level < 1) return ((1 - level) * 60) / this.#rate.perMinute;
    [bucket.level, bucket.at] = [level - 1, this.#now()];
    return null;
  }

  #levelOf({ level, at }: Bucket): number {
    const { perMinute, burst } = this.#rate;
    return Math.min(burst, level + ((this.#now() - at) * perMinute) / 60_000);
  }

  #bucketOf(name: string): Bucket {
    const found = this.#buckets.get(name);
    if (found) return found;
    const bucket = { level: this.#rate.burst, at: this.#now() };
    this.#buckets.set(name, bucket);
    return bucket;
  }
}
