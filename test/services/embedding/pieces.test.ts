/** Small pieces of the services: locks, text limits, vectors as text, users of what is deleted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config.ts';
import { requireFinite } from '../../../src/jobs/threads/encode.ts';
import { inUse } from '../../../src/services/common/editing/remove.ts';
import { checkList, checkText } from '../../../src/services/embedding/texts.ts';
import { base64Of, shorten } from '../../../src/services/embedding/vectors.ts';
import { exclusively } from '../../../src/storage/exclusive.ts';

describe('exclusively', () => {
  it('runs one after the other, by name, in order', async () => {
    const seen: string[] = [];
    const work = (name: string, ms: number) => async () => {
      seen.push(`${name}+`);
      await sleep(ms);
      seen.push(`${name}-`);
    };
    await Promise.all([
      exclusively('x', work('a', 10)),
      exclusively('x', work('b', 0)),
      exclusively('y', work('c', 0)),
    ]);
    expect(seen.filter((step) => !step.startsWith('c'))).toEqual(['a+', 'a-', 'b+', 'b-']);
    expect(seen.indexOf('c+')).toBeLessThan(seen.indexOf('a-'));
  });

  it('lets go who does not want to wait any longer, and keeps the order of the others', async () => {
    const seen: string[] = [];
    const [stop, end] = [new AbortController(), new AbortController()];
    const first = exclusively('w', async () => {
      await new Promise((resolve) => end.signal.addEventListener('abort', resolve));
      seen.push('first');
    });
    const second = exclusively('w', async () => seen.push('second'), stop.signal);
    const third = exclusively('w', async () => seen.push('third'), new AbortController().signal);
    stop.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    await sleep(10);
    await expect(exclusively('w', async () => seen.push('late'), stop.signal)).rejects.toThrow('enough');
    expect(seen).toEqual([]);
    end.abort();
    await Promise.all([first, third]);
    expect(seen).toEqual(['first', 'third']);
  });

  it('goes on after a failure', async () => {
    const failed = exclusively('z', () => Promise.reject(new Error('no')));
    const next = exclusively('z', () => Promise.resolve(1));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe(1);
  });
});

describe('limits of texts', () => {
  const limits = { ...defaultLimits, textCodePoints: 3, listItems: 2 };

  it('count code points, not UTF-16 units', () => {
    expect(() => checkText('😀😀😀', limits, 'texts.0')).not.toThrow();
    expect(() => checkText('😀😀😀😀', limits, 'texts.0')).toThrow('texts.0 has 4 code points');
  });

  it.each(['', ' ', '\n\t'])('refuse the empty text %j', (text) => {
    expect(() => checkText(text, limits, 'query')).toThrow('query is empty');
  });

  it('bound lists on both sides', () => {
    expect(() => checkList([], limits, 'texts')).toThrow('texts has 0 items');
    expect(() => checkList([1, 2, 3], limits, 'texts')).toThrow('texts has 3 items');
    expect(() => checkList([1], limits, 'checkpoints', { min: 2 })).toThrow('checkpoints has 1 items');
  });
});

describe('vectors', () => {
  it('become little-endian base64', () => {
    expect(base64Of(Float32Array.of(1, -2.5))).toBe(Buffer.from([0, 0, 128, 63, 0, 0, 32, 192]).toString('base64'));
  });

  it('are normalised again when shortened, and left alone otherwise', () => {
    const vector = Float32Array.of(0.6, 0, 0.8);
    expect(shorten(vector, 3)).toBe(vector);
    expect([...shorten(vector, 2)]).toEqual([1, 0]);
    expect([...shorten(Float32Array.of(0, 1), 1)]).toEqual([0]);
  });

  it('with NaN are never served', () => {
    expect(() => requireFinite(Float32Array.of(1, Number.NaN), 'a text')).toThrow('not finite');
    expect(() => requireFinite(Float32Array.of(Infinity), 'a text')).toThrow('not finite');
  });
});

describe('deleting what is in use', () => {
  it('names the users', () => {
    expect(inUse('model "m"', ['run "a"', 'run "b"'])?.message).toContain('is used by run "a", run "b"');
    const many = Array.from({ length: 12 }, (_, i) => `run "${i}"`);
    expect(inUse('model "m"', many)).toMatchObject({ message: expect.stringContaining('and 2 more'), users: many });
    expect(inUse('model "m"', [])).toBeNull();
  });
});
