// Writes docs/schema.graphql from the built schema, and docs/catalogs.md from the catalogs. Run by `npm run schema`, in
// the root of the repository.
import { writeFileSync } from 'node:fs';
import { printCatalogs } from '../../dist/src/graphql/print-catalogs.js';
import { printSdl } from '../../dist/src/graphql/print-schema.js';

writeFileSync('docs/schema.graphql', printSdl());
writeFileSync('docs/catalogs.md', printCatalogs());
