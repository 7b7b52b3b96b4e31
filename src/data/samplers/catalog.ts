/** The samplers, one row each. The code behind a name is `<name>.ts` beside this file. */
import type { CatalogEntry } from '../../catalog.ts';

export const samplerCatalog = [
  {
    name: 'dynamic',
    title: 'Dynamic',
    description: 'Every global batch is drawn from one data set; IR and STS have their own batch sizes.',
    source: 'CoDiEmb, arXiv 2508.11442',
    parameters: [],
  },
] as const satisfies readonly CatalogEntry[];

export type SamplerName = (typeof samplerCatalog)[number]['name'];
