import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { widenBfloat16, widenFloat16 } from '../../src/formats/half.ts';
import { createSafetensors, openSafetensors } from '../../src/formats/safetensors.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
let files = 0;
const newPath = (): string => join(folder(), `${files++}.safetensors`);

/** A file from header text and data, as another program may have written it. */
async function fileOf(header: string, data: Uint8Array): Promise<string> {
  const path = newPath();
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  await writeFile(path, Buffer.concat([length, Buffer.from(header), data]));
  return path;
}

const f32 = (shape: readonly number[], offsets: readonly number[]) => ({ dtype: 'F32', shape, data_offsets: offsets });

/** Opens what must not open, and gives the error. */
async function refusal(header: unknown, dataBytes: number): Promise<{ message: string; code: string; path: string }> {
  const path = await fileOf(typeof header === 'string' ? header : JSON.stringify(header), new Uint8Array(dataBytes));
  const error = (await openSafetensors(path).catch((caught: unknown) => caught)) as Error & { code: string };
  expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(error.message).toContain(path);
  return { message: error.message, code: error.code, path };
}

describe('safetensors writer', () => {
  it('lays the file out as the format says, whatever the order of writing', async () => {
    const path = newPath();
    const writer = await createSafetensors(path, [
      { name: 'b', shape: [2, 2] },
      { name: 'a.weight', shape: [3] },
      { name: 'empty', shape: [0, 4] },
    ]);
    await writer.write({ name: 'b', shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) });
    await writer.write({ name: 'empty', shape: [0, 4], data: new Float32Array(0) });
    await writer.write({ name: 'a.weight', shape: [3], data: new Float32Array([5, 6, 7.5]) });
    await writer.finish();
    const bytes = await readFile(path);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const text = bytes.subarray(8, 8 + length).toString();
    expect(text).toMatch(/^\{"__metadata__":\{"format":"pt"\},"a\.weight":.*\} *$/);
    expect(JSON.parse(text)).toEqual({
      __metadata__: { format: 'pt' },
      'a.weight': f32([3], [0, 12]),
      b: f32([2, 2], [12, 28]),
      empty: f32([0, 4], [28, 28]),
    });
    const data = [5, 6, 7.5, 1, 2, 3, 4].map((value, i) => [bytes.readFloatLE(8 + length + 4 * i), value]);
    expect(data.every(([found, expected]) => found === expected)).toBe(true);
    expect(bytes.length).toBe(8 + length + 28);
  });

  it('refuses what was not declared, and an unfinished file', async () => {
    const writer = await createSafetensors(newPath(), [{ name: 'a', shape: [2] }]);
    const data = new Float32Array(2);
    await expect(writer.write({ name: 'x', shape: [2], data })).rejects.toThrow('The tensor x');
    await expect(writer.write({ name: 'a', shape: [1, 2], data })).rejects.toThrow('declared as [2]');
    await expect(writer.finish()).rejects.toThrow(/without the tensors a/);
  });
});

describe('safetensors reader', () => {
  it('reads one tensor at a time, in F32, F16 and BF16', async () => {
    const header = {
      __metadata__: { format: 'pt', note: 'a "__metadata__":{ in a string' },
      single: f32([2], [0, 8]),
      half: { dtype: 'F16', shape: [2, 1], data_offsets: [8, 12] },
      brain: { dtype: 'BF16', shape: [2], data_offsets: [12, 16] },
      whole: { dtype: 'I64', shape: [1], data_offsets: [16, 24] },
    };
    const data = Buffer.alloc(24);
    data.writeFloatLE(1.5, 0);
    data.writeFloatLE(-3.25, 4);
    data.writeUInt16LE(0x3c01, 8); // 1 + 2^-10
    data.writeUInt16LE(0x8001, 10); // -2^-24
    data.writeUInt16LE(0x3f80, 12); // 1
    data.writeUInt16LE(0xc2f7, 14); // -123.5
    const reader = await openSafetensors(await fileOf(JSON.stringify(header), data));
    expect([...reader.tensors.keys()]).toEqual(['single', 'half', 'brain', 'whole']);
    expect([...(await reader.read('single', [2]))]).toEqual([1.5, -3.25]);
    expect([...(await reader.read('half'))]).toEqual([1 + 2 ** -10, -(2 ** -24)]);
    expect([...(await reader.read('brain'))]).toEqual([1, -123.5]);
    await expect(reader.read('whole')).rejects.toThrow(/tensor whole is of type I64/);
    await expect(reader.read('none')).rejects.toThrow(/safetensors: tensor none is missing/);
    await expect(reader.read('half', [2])).rejects.toThrow(/tensor half has the shape \[2,1\]/);
    await reader.close();
  });

  it('widens every half exactly', () => {
    const patterns = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const half = widenFloat16(patterns);
    const brain = widenBfloat16(patterns);
    expect([half[0x7bff], half[0x0400], half[0x03ff], half[0xfc00]]).toEqual([
      65_504,
      2 ** -14,
      1023 * 2 ** -24,
      Number.NEGATIVE_INFINITY,
    ]);
    expect(half[0x7c01]).toBeNaN();
    expect([brain[0x7f80], brain[0x0001], brain[0x4049]]).toEqual([Number.POSITIVE_INFINITY, 2 ** -133, 3.140625]);
    expect(Object.is(half[0x8000], -0) && Object.is(brain[0x8000], -0)).toBe(true);
  });

  it.each<[string, unknown, number, RegExp]>([
    ['an overlap', { a: f32([2], [0, 8]), b: f32([2], [4, 12]) }, 12, /tensor b: its bytes overlap/],
    ['a gap', { a: f32([1], [0, 4]), b: f32([1], [8, 12]) }, 12, /tensor b: 4 bytes before it belong to no tensor/],
    ['a gap at the start', { a: f32([1], [4, 8]) }, 8, /tensor a: 4 bytes before it/],
    ['trailing bytes', { a: f32([1], [0, 4]) }, 7, /3 bytes follow its last tensor/],
    ['missing data', { a: f32([2], [0, 8]) }, 5, /tensor a: the file is cut off/],
    ['a wrong size', { a: f32([3], [0, 8]) }, 8, /tensor a: 8 bytes for F32 \[3\], which takes 12/],
    ['an unknown type', { a: { dtype: 'F31', shape: [1], data_offsets: [0, 4] } }, 4, /tensor a: its type "F31"/],
    ['a negative axis', { a: f32([-1], [0, 4]) }, 4, /tensor a: its shape is \[-1\]/],
    ['offsets backwards', { a: f32([0], [4, 0]) }, 4, /tensor a: its data_offsets are \[4,0\]/],
    ['no offsets', { a: { dtype: 'F32', shape: [1] } }, 4, /tensor a: its data_offsets are undefined/],
    ['an entry that is null', { a: null }, 0, /tensor a: its type undefined/],
    ['metadata that is no text', { __metadata__: { step: 3 } }, 0, /__metadata__ is not a map/],
    [
      'a tensor twice',
      '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\\u0061" :{}}',
      0,
      /tensor a: it stands twice/,
    ],
    [
      'two types of one tensor',
      '{"__metadata__":{"x":"1","x":"2"},"a":{"dtype":"F16","shape":[0],"dtype":"F32","data_offsets":[0,0]}}',
      0,
      /tensor a: its dtype stands twice/,
    ],
    ['broken JSON', '{"a":', 0, /its header is no JSON/],
    ['a list', '[]', 0, /does not begin with "\{"/],
  ])('refuses %s', async (_, header, dataBytes, message) => {
    expect((await refusal(header, dataBytes)).message).toMatch(message);
  });

  it('refuses files that end early or claim too much', async () => {
    const path = newPath();
    const claims = async (bytes: Uint8Array): Promise<string> => {
      await writeFile(path, bytes);
      return openSafetensors(path).then(
        () => 'opened',
        (error: Error) => error.message,
      );
    };
    expect(await claims(Buffer.from('abc'))).toMatch(/has 3 bytes, fewer than its length field/);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(50n);
    expect(await claims(Buffer.concat([length, Buffer.from('{}')]))).toMatch(/cut off inside its header: 10 of 58/);
    length.writeBigUInt64LE(2n ** 63n);
    expect(await claims(length)).toMatch(/claims 9223372036854775808 bytes, more than 16000000/);
    await expect(openSafetensors(join(folder(), 'absent'))).rejects.toThrow(/absent: it cannot be opened/);
    await expect(openSafetensors(folder())).rejects.toThrow(/: it is no file/);
  });
});
