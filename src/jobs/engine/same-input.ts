/** Whether a request asks for what a stored job does, whichever version stored it. */
import { isDeepStrictEqual } from 'node:util';
import type { AnyJob } from '../define.ts';

type Input = Readonly<Record<string, unknown>>;

/**
 * Compares all that the kind reads, with its defaults for what the earlier input lacks. Required fields that it lacks
 * came after 0.2.0 and follow from the others (`modelId` from `checkpointIds`), so those of `now` stand for them.
 */
export function isSameInput(kind: Pick<AnyJob, 'input'>, before: Input, now: Input): boolean {
  return isDeepStrictEqual(read(kind, completed(kind, before, now)), read(kind, now));
}

function completed({ input }: Pick<AnyJob, 'input'>, before: Input, now: Input): Input {
  const lacking = (input.safeParse(before).error?.issues ?? [])
    .map(({ path }) => String(path[0]))
    .filter((key) => !(key in before) && key in now);
  return { ...before, ...Object.fromEntries(lacking.map((key) => [key, now[key]])) };
}

/** With defaults; fields that the kind does not know stay, and all of them where it cannot read the input. */
const read = ({ input }: Pick<AnyJob, 'input'>, given: Input): Input => ({
  ...given,
  ...(input.safeParse(given).data as Input | undefined),
});
