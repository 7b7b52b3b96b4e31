/** Rows of logs that are kept for a time: as long as somebody may ask for them, and not for ever. */

/** Rows are kept at least so long, and at least so many of them. */
export interface Keeping {
  readonly days: number;
  readonly atLeast: number;
}

/** Removed by one statement: others wait for the embedded database meanwhile. */
const portion = 5_000;

/** Removes until nothing is left to remove. `remove` removes so many rows at most; its result has their number. */
export async function removeInPortions(
  remove: (most: number) => PromiseLike<{ readonly rowCount: number | null }>,
): Promise<void> {
  for (let removed = portion; removed === portion; ) removed = (await remove(portion)).rowCount ?? 0;
}
