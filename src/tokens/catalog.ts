/** What stands for the negatives of a retrieval record that has none, one row each. */
import type { CatalogEntry } from '../catalog.ts';

export const missingNegativesCatalog = [
  {
    name: 'masked',
    title: 'Masked',
    description: 'Its columns are left out: they count for no query.',
    source: 'Tandem, docs/method.md, section 1',
    parameters: [],
  },
  {
    name: 'nothing',
    title: 'Nothing',
    description: 'The passage "nothing" stands there, is encoded and counts for every query.',
    source: 'TencentCloudADP/youtu-embedding',
    parameters: [],
  },
] as const satisfies readonly CatalogEntry[];

export type MissingNegatives = (typeof missingNegativesCatalog)[number]['name'];
