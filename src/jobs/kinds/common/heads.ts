/** Heads in the input of a job. */
import { z } from 'zod';
import { type HeadKind, headKinds } from '../../../model/types.ts';

const kind = z.custom<HeadKind>((value) => headKinds.some((known) => known === value));

export const heads = z.object({ ir: kind, sts: kind });
