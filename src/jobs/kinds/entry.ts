/** Finds the catalog's row of a kind. */
import { type JobKind, type JobKindEntry, jobKindCatalog } from './catalog.ts';

export const kindOf = (name: JobKind): JobKindEntry =>
  jobKindCatalog.find((entry) => entry.name === name) as JobKindEntry;
