/** The code behind the names of the catalog. */
import type { SamplerName } from './catalog.ts';
import { dynamic } from './dynamic.ts';
import type { Sampler } from './sampler.ts';

export const samplers: Readonly<Record<SamplerName, Sampler>> = { dynamic };
