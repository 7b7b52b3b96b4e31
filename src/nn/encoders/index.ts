/** The code behind the names of the catalog. */
import { bertForward } from './bert.ts';
import type { EncoderFamily } from './catalog.ts';
import type { EncoderForward } from './encoder.ts';

export const encoderForwards: Readonly<Record<EncoderFamily, EncoderForward>> = { bert: bertForward };
