/**
 * How a server shows that it wrote server.json: the file has a secret that only its owner can read, and GET /health
 * answers a challenge with what follows from both. So a command sends no key to another program that has the port of a
 * server which was killed.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What server.json says. */
export interface ServerNote {
  readonly url: string;
  readonly pid: number;
  /** Absent in files of versions before 0.3. */
  readonly secret?: string;
}

export const challengeHeader = 'x-tandem-challenge';
export const proofHeader = 'x-tandem-proof';

/** 32 random bytes in hex: a secret, or a challenge. */
export const randomHex = (): string => randomBytes(32).toString('hex');

const form = /^[0-9a-f]{64}$/;

/** Undefined for what is no challenge. */
export function proofOf(secret: string, challenge: unknown): string | undefined {
  if (typeof challenge !== 'string' || !form.test(challenge)) return undefined;
  return createHmac('sha256', secret).update(challenge).digest('hex');
}

/** Whether an answer to the challenge comes from a server that knows the secret. */
export function proves(proof: string | null, secret: string, challenge: string): boolean {
  const expected = proofOf(secret, challenge);
  if (proof === null || expected === undefined || !form.test(proof)) return false;
  return timingSafeEqual(Buffer.from(proof), Buffer.from(expected));
}
