/** A service in the process of a command, for those that start one. */
import type { RunningTandem, startTandem } from '../main.ts';

/** As startTandem. Its modules are loaded here and not before: a command of a running service begins without them. */
export async function startService(...request: Parameters<typeof startTandem>): Promise<RunningTandem> {
  const main = await import('../main.ts');
  return main.startTandem(...request);
}
