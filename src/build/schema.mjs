// Writes docs/schema.graphql from the built schema. Run by `npm run schema`, in the root of the repository.
import { writeFileSync } from 'node:fs';
import { printSdl } from '../../dist/src/graphql/print-schema.js';

writeFileSync('docs/schema.graphql', printSdl());
