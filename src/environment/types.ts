/** What is said of an environment variable, wherever its table is, and what some of them hold. */
import type { z } from 'zod';

/** One environment variable. */
export interface Variable<Value = unknown> {
  readonly group:
    | 'Folders and the server'
    | 'Access'
    | 'Log'
    | 'Traces'
    | 'Command line'
    | 'Models from a Hugging Face hub';
  /** Of the text, or of undefined where the variable is unset. */
  readonly schema: z.ZodType<Value>;
  readonly meaning: string;
  /** Which values it takes, for people. */
  readonly expected: string;
  /** What holds where it is unset, for people. */
  readonly default: string;
  readonly example: string;
  /** What to do about a wrong value; default: correct or unset it. */
  readonly remedy?: string;
  /** True = its value may hold a password, and no error shows it. */
  readonly secret?: true;
}

/** How many requests a caller may send: so many a minute in the long run, and so many at once. */
export interface Rate {
  readonly perMinute: number;
  readonly burst: number;
}
