/** SIGINT and SIGTERM: the first stops in order within ten seconds, a second one at once. */
const graceMs = 10_000;

/** Resolves when a signal came and `close` has ended. */
export async function stopOnSignals(close: (graceMs: number) => Promise<void>): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve(name));
  });
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => process.exit(130));
  process.stderr.write(`${signal}: stopping (a checkpoint is written; once more exits at once)\n`);
  await close(graceMs);
  process.exit(0);
}
