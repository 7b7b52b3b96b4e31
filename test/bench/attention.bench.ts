/**
 * By hand: milliseconds per call at the quickstart's sizes (2,000 tokens in texts of 10 to 60) and for one long text.
 * Run: npx vitest bench --run test/bench/attention.bench.ts
 */
import { bench, describe } from 'vitest';
import type { KernelForm } from '../../src/device/types.ts';
import { type AttentionBackward, attentionBackward, attentionForward } from '../../src/kernels/attention.ts';
import { random, testGpu, unwritten, upload } from '../device.ts';

const gpu = await testGpu();
const short = Array.from({ length: 57 }, (_, i) => 10 + ((i * 17) % 51));

function prepare(lengths: readonly number[], heads: number, size: number, form: KernelForm, rate: number) {
  const cumulative = new Uint32Array(lengths.length + 1);
  lengths.forEach((n, b) => {
    cumulative[b + 1] = cumulative[b]! + n;
  });
  const T = cumulative[lengths.length]!;
  const shape = [T, heads * size];
  const tensor = (label: string, seed: number) => upload(gpu, label, shape, random(seed).floats(T * heads * size));
  const call: AttentionBackward = {
    q: tensor('q', 1),
    k: tensor('k', 2),
    v: tensor('v', 3),
    dOut: tensor('dOut', 4),
    batch: {
      cumulative: upload(gpu, 'cumulative', [lengths.length + 1], cumulative),
      sampleOfToken: upload(gpu, 'samples', [T], new Uint32Array(T)),
    },
    heads,
    out: unwritten(gpu, 'out', shape),
    logSumExp: unwritten(gpu, 'logSumExp', [T, heads]),
    dQ: unwritten(gpu, 'dQ', shape),
    dK: unwritten(gpu, 'dK', shape),
    dV: unwritten(gpu, 'dV', shape),
    form,
    ...(rate > 0 ? { dropout: { rate, seed: 1, step: 1, site: 1 } } : {}),
  };
  attentionForward(gpu, call);
  return { call, T };
}

const options = { time: 400, warmupTime: 50, warmupIterations: 1, iterations: 3 };

for (const [lengths, heads, size] of [
  [short, 4, 16],
  [short, 2, 32],
  [[512], 4, 16],
] as const) {
  const tokens = lengths.reduce((sum, n) => sum + n, 0);
  describe(`${tokens} tokens in ${lengths.length} texts, H ${heads}, D ${size}`, () => {
    for (const form of ['row', 'workgroup'] as const) {
      for (const rate of form === 'row' ? [0, 0.1] : [0]) {
        const { call } = prepare(lengths, heads, size, form, rate);
        const suffix = `${form}${rate > 0 ? ', dropout' : ''}`;
        bench(
          `forward, ${suffix}`,
          async () => {
            attentionForward(gpu, call);
            gpu.submit();
            await gpu.idle();
          },
          options,
        );
        bench(
          `backward, ${suffix}`,
          async () => {
            attentionBackward(gpu, call);
            gpu.submit();
            await gpu.idle();
          },
          options,
        );
      }
    }
  });
}
