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
  {
    name: 'single',
    title: 'Single',
    description: 'Every global batch is drawn from one data set; both tasks have the batch size of IR. For comparison.',
    source: 'CoDiEmb, arXiv 2508.11442',
    parameters: [],
  },
  {
    name: 'mixed',
    title: 'Mixed',
    description:
      'An update has several shards, each of one data set, which share the batch size of IR; its loss is the mean of theirs. For comparison.',
    source: 'CoDiEmb, arXiv 2508.11442',
    parameters: [],
  },
] as const satisfies readonly CatalogEntry[];

export type SamplerName = (typeof samplerCatalog)[number]['name'];
