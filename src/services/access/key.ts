/** The form of API keys: `tdm_`, 8 characters to look them up by, `_`, 32 random bytes. All but `_` is base 62. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const keyPrefix = 'tdm_';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const lookupLength = 8;
const secretBytes = 32;
/** 62^43 > 2^256. */
const secretLength = 43;

const form = new RegExp(`^${keyPrefix}([0-9A-Za-z]{${lookupLength}})_[0-9A-Za-z]{${secretLength}}$`);

/** Digits of a number drawn from as many random bytes; the low digits, which are as good as uniform. */
function randomDigits(bytes: number, length: number): string {
  let number = BigInt(`0x${randomBytes(bytes).toString('hex')}`);
  let digits = '';
  for (; digits.length < length; number /= 62n) digits = (alphabet[Number(number % 62n)] ?? '') + digits;
  return digits;
}

export interface NewKey {
  readonly key: string;
  readonly lookup: string;
  readonly digest: string;
}

export function makeKey(): NewKey {
  const lookup = randomDigits(2 * lookupLength, lookupLength);
  const key = `${keyPrefix}${lookup}_${randomDigits(secretBytes, secretLength)}`;
  return { key, lookup, digest: digestOf(key) };
}

/** What a key is looked up by; null where it is not of the form. */
export const lookupOf = (key: string): string | null => form.exec(key)?.[1] ?? null;

/** Sha256 in hex. A key has 256 random bits, so that no slower digest is needed. */
export const digestOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** In a time that does not depend on where they differ. */
export const sameDigest = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
