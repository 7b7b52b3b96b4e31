/** The loop of a peer that is a Node process: a JSON command a line, a JSON answer a line. */
import { createInterface } from 'node:readline';

export async function answer(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    const found = (await commands[request.do](request.with)) ?? {};
    process.stdout.write(`${JSON.stringify(found)}\n`);
  }
}

/** Milliseconds of some work, as an answer. */
export async function clocked(work) {
  const begun = performance.now();
  await work();
  return { ms: performance.now() - begun };
}
