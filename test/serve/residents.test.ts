import { describe, expect, it } from 'vitest';
import { Residents } from '../../src/serve/residents.ts';

function makeShelf(limit: number) {
  const freed: string[] = [];
  const loaded: string[] = [];
  const residents = new Residents<string>(limit);
  const use = <R>(key: string, work: (value: string) => Promise<R>, bytes = 10): Promise<R> => {
    const load = async () => {
      loaded.push(key);
      return { value: key.toUpperCase(), bytes, free: () => void freed.push(key) };
    };
    return residents.use(key, load, work);
  };
  const touch = (key: string, bytes?: number): Promise<string> => use(key, async (value) => value, bytes);
  return { residents, use, touch, freed, loaded };
}

describe('what stays on the device', () => {
  it('loads each thing once and drops the least recently used beyond the limit', async () => {
    const { touch, freed, loaded, residents } = makeShelf(25);
    expect(await Promise.all([touch('a'), touch('a')])).toEqual(['A', 'A']);
    await touch('b');
    await touch('a');
    await touch('c');
    expect({ freed, loaded, bytes: residents.bytes }).toEqual({ freed: ['b'], loaded: ['a', 'b', 'c'], bytes: 20 });
  });

  it('frees nothing in use, not even what is forgotten', async () => {
    const { use, residents, freed, touch } = makeShelf(5);
    await use('a', async () => {
      await residents.forget('a');
      expect(freed).toEqual([]);
    });
    expect(freed).toEqual(['a']);
    await use('b', () => touch('c'));
    expect(freed).toEqual(['a', 'b']);
  });

  it('keeps the latest even if it alone is above the limit', async () => {
    const { touch, freed, loaded } = makeShelf(25);
    await touch('a');
    await touch('large', 100);
    await touch('large', 100);
    expect({ loaded, freed }).toEqual({ loaded: ['a', 'large'], freed: ['a'] });
    await touch('b');
    expect(freed).toEqual(['a', 'large']);
  });

  it('tries again after a load that failed', async () => {
    const { residents, touch } = makeShelf(50);
    const failing = residents.use(
      'a',
      () => Promise.reject(new Error('damaged')),
      async () => 1,
    );
    await expect(failing).rejects.toThrow('damaged');
    expect(await touch('a')).toBe('A');
  });
});
