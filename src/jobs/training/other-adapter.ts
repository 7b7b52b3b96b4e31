/** A run goes on where it was made, unless it was allowed to go on elsewhere: another adapter gives other bits. */

import type { AdapterReport } from '../../device/types.ts';
import { conflict, type TandemError } from '../../errors.ts';

/** Why a run that was made on `before` does not go on here; undefined = it does. */
export function otherAdapter(before: AdapterReport | null, now: AdapterReport): TandemError | undefined {
  if (!before) return undefined;
  if (before.name === now.name && before.driver === now.driver && before.backend === now.backend) return undefined;
  return conflict(
    `The run was made on ${before.name} (${before.driver}); this machine has ${now.name} (${now.driver})`,
    {
      reason: 'different-adapter',
      field: 'allowDifferentAdapter',
      expected: `the adapter ${before.name}`,
      remedy: 'Resume on that machine, or set allowDifferentAdapter: the run goes on, but not to the same bits.',
    },
  );
}
