/**
 * Device threads: two of them share an adapter, and each ends by itself when its device is destroyed. Needs the built
 * tree.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { webGpuName } from '../../device.ts';

const entry = fileURLToPath(new URL('../../fixtures/device/device-worker.mjs', import.meta.url));
const built = fileURLToPath(new URL('../../../dist/src/kernels/elementwise.js', import.meta.url));

interface Answer {
  readonly adapter: string;
  readonly equal: boolean;
}

/** Starts a thread; resolves with its message and exit code when it has ended. */
const runThread = (value: number): Promise<{ answer: Answer | undefined; code: number }> =>
  new Promise((resolve, reject) => {
    let answer: Answer | undefined;
    const worker = new Worker(entry, { workerData: { value, name: webGpuName } });
    worker.on('message', (message: Answer) => {
      answer = message;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => resolve({ answer, code }));
  });

it('runs on one adapter in two threads at once, and both end', { timeout: 60_000 }, async () => {
  if (!existsSync(built)) throw new Error('dist/ is missing: run `npm run build` first, as `npm test` does');
  const results = await Promise.all([runThread(3), runThread(5)]);
  expect(results).toEqual(
    new Array(2).fill({
      answer: { adapter: expect.stringMatching(new RegExp(webGpuName ?? '', 'i')), equal: true },
      code: 0,
    }),
  );
});
