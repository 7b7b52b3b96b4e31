/** Parameters of a catalog's row in an input. jsonb forgets their order: whoever uses them reads them by the catalog. */
import { z } from 'zod';

export const parameters = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));
