import { describe, expect, it } from 'vitest';
import { readTar } from '../src/tar.ts';

describe('readTar', () => {
  const entry = (name: string, size: string, content: string, { type = '0', prefix = '' } = {}): Buffer => {
    const block = Buffer.alloc(1024);
    block.write(name, 0);
    block.write(size, 124);
    block.write(type, 156);
    block.write(prefix, 345);
    block.write(content, 512);
    return block;
  };

  it('reads names and contents', () => {
    const archive = Buffer.concat([
      entry('./a.json', '00000000003', 'abc'),
      entry('/sub/', '00000000000', '', { type: '5' }).subarray(0, 512),
      entry('b', '00000000001', 'x', { prefix: 'sub' }),
      entry('link', '00000000000', '', { type: '2' }).subarray(0, 512),
      Buffer.alloc(1024),
    ]);
    expect([...readTar(archive)].map(({ name, content }) => [name, content?.toString()])).toEqual([
      ['a.json', 'abc'],
      ['sub', undefined],
      ['sub/b', 'x'],
    ]);
  });

  it.each([
    ['../evil', '00000000001'],
    ['//etc/passwd', '00000000001'],
    ['a/../../b', '00000000001'],
    ['a\\b', '00000000001'],
  ])('refuses the name %s', (name, size) => {
    expect(() => [...readTar(entry(name, size, 'x'))]).toThrow('unexpected name');
  });

  it('refuses an archive that is cut off', () => {
    expect(() => [...readTar(entry('a', '00000010000', 'x'))]).toThrow('tar entry "a" is cut off');
  });
});
