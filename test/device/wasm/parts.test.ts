/** The parts of the CPU device that need no threads: ranges of memory, commands that must wait, the cgroup's quota. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Hazards } from '../../../src/device/wasm/hazards.ts';
import { Ranges } from '../../../src/device/wasm/ranges.ts';
import { availableCores, readQuota } from '../../../src/device/wasm/threads.ts';
import { random } from '../../device.ts';

it('takes and gives back ranges that never overlap, and joins neighbours again', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4_096, shared: true });
  const ranges = new Ranges(memory, 1_000);
  const { integer } = random(9);
  const held: { address: number; size: number }[] = [];
  for (let turn = 0; turn < 3_000; turn++) {
    if (held.length > 0 && integer(2) === 0) {
      ranges.giveBack(held.splice(integer(held.length), 1)[0]!);
      continue;
    }
    const range = ranges.take('x', 1 + integer(20_000));
    expect(range.address % 256).toBe(0);
    expect(
      held.every((other) => range.address + range.size <= other.address || other.address + other.size <= range.address),
    ).toBe(true);
    expect(range.address + range.size).toBeLessThanOrEqual(memory.buffer.byteLength);
    held.push(range);
  }
  for (const range of held) ranges.giveBack(range);
  const end = ranges.untouched;
  expect(ranges.take('all', end - 1_024)).toEqual({ address: 1_024, size: end - 1_024 });
});

it('refuses what the address space does not hold, with the numbers', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  expect(() => new Ranges(memory, 1_000).take('table', 2 ** 32)).toThrow(
    expect.objectContaining({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/table needs 4294967296 .*of 4294967296/),
    }),
  );
});

it('lets commands run side by side only where none touches what another writes', () => {
  const span = (from: number) => ({ from, to: from + 10 });
  const hazards = new Hazards();
  expect(hazards.mustWait([span(0)], [span(10)])).toBe(false);
  expect(hazards.mustWait([span(0)], [span(20)])).toBe(false);
  expect(hazards.mustWait([span(15)], [span(30)])).toBe(true);
  expect(hazards.mustWait([span(0)], [span(10)])).toBe(true);
  expect(hazards.mustWait([span(40)], [span(10)])).toBe(true);
  expect(hazards.mustWait([], [span(45)])).toBe(true);
});

it("reads the cgroup's quota", () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-cgroup-'));
  const quota = (text: string): number => {
    writeFileSync(join(folder, 'cpu.max'), text);
    return readQuota(join(folder, 'cpu.max'));
  };
  expect(quota('150000 100000\n')).toBe(2);
  expect(quota('max 100000\n')).toBe(Number.POSITIVE_INFINITY);
  expect(readQuota(join(folder, 'none'))).toBe(Number.POSITIVE_INFINITY);
  expect(availableCores(1)).toBe(1);
  rmSync(folder, { recursive: true });
});
