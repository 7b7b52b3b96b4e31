/** Parameters of a catalog's row in an input. jsonb forgets their order: they are read again by the catalog. */
import { z } from 'zod';

export const parameters = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));
