/** The code behind the catalog's names. */
import { importBeir } from './beir.ts';
import type { ImporterName } from './catalog.ts';
import { importCodiembJsonl } from './codiemb-jsonl.ts';
import type { Importer } from './importer.ts';
import { importStsTable } from './sts-table.ts';

export const importers: { readonly [Name in ImporterName]: Importer<Name> } = {
  'codiemb-jsonl': importCodiembJsonl,
  beir: importBeir,
  'sts-table': importStsTable,
};
