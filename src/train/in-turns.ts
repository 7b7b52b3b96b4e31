/** Long work on the device in parts, between which others have their turn. */
import type { Gpu } from '../device/types.ts';
import { isPaced } from '../nn/piece-size.ts';

/**
 * Records part after part (pieces of a batch, batches of an update), so that a short task never waits for many: two are
 * under way on a GPU, which must not run dry, and one where a part takes about a second.
 */
export async function inTurns<Part>(
  { encoder: { gpu }, turn }: { readonly encoder: { readonly gpu: Gpu }; readonly turn: () => Promise<void> },
  parts: readonly Part[],
  record: (part: Part) => void | Promise<void>,
): Promise<void> {
  if (parts.length === 1) {
    // The whole of it: the next step is recorded while the device works.
    await record(parts[0]!);
    gpu.submit();
    return;
  }
  let before = Promise.resolve();
  try {
    for (const part of parts) {
      await record(part);
      const done = gpu.idle();
      // It is awaited below, but perhaps only after something else has failed: until then it is no unhandled rejection.
      done.catch(() => {});
      await (isPaced(gpu) ? done : before);
      before = done;
      await turn();
    }
  } catch (error) {
    await before.catch(() => {});
    throw error;
  }
  await before;
}
