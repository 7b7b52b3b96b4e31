/** Model folders made to take the thread that reads them: refused by name, before anything is built from them. */
import { execFileSync } from 'node:child_process';
import { open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { readConfig } from '../../src/model/families/config-json.ts';
import { openFamilyCase } from '../nn/family-case.ts';
import { processorMs } from '../processor-time.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { writeTinyModel } from './tiny-model.ts';

const folder = temporaryFolder();
let models = 0;
let path = '';
beforeEach(async () => {
  path = join(folder(), String(models++));
  await writeTinyModel(path);
});

/** The error of opening the folder, which must come before the test's own time is over. */
async function refusal(): Promise<Error & { details: { field: string } }> {
  const error = (await readModelFolder(path).catch((caught: unknown) => caught)) as never;
  expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
  return error;
}

async function changeConfig(changes: object): Promise<void> {
  const file = join(path, 'config.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...changes }));
}

const sizes = [
  ...['num_hidden_layers', 'hidden_size', 'num_attention_heads', 'intermediate_size'],
  ...['max_position_embeddings', 'vocab_size'],
];

describe('sizes of config.json', () => {
  it.each(sizes)('%s beyond every model is refused', async (field) => {
    await changeConfig({ [field]: 1e9 });
    expect((await refusal()).message).toMatch(new RegExp(`config\\.json: ${field} is 1000000000$`));
  });

  it.each(['modernbert', 'llama', 'qwen3'])('are bounded for %s as well', async (family) => {
    const { config } = await openFamilyCase(family);
    for (const field of sizes) {
      const read = () => readConfig({ path: 'config.json', fields: { ...config, [field]: 1e9 } });
      expect(read).toThrow(`config.json: ${field} is 1000000000`);
    }
    const longer = { ...config, max_position_embeddings: 131_072 };
    expect(readConfig({ path: 'config.json', fields: longer }).architecture.maxPositions).toBe(131_072);
  });

  it('within their range are compared with the tensors', async () => {
    await changeConfig({ num_hidden_layers: 96 });
    expect((await refusal()).message).toMatch(/tensor encoder\.layer\.2\.\S+ is missing$/);
    await changeConfig({ num_hidden_layers: 2, vocab_size: 1_000_000 });
    expect((await refusal()).message).toMatch(/word_embeddings\.weight has the shape \[17,8\]$/);
  });

  it('are not quoted at length', async () => {
    await changeConfig({ hidden_act: 'gelu'.repeat(100_000) });
    expect((await refusal()).message.length).toBeLessThan(600 + path.length);
  });
});

describe('the header of weights', () => {
  async function writeHeader(json: string): Promise<void> {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    await writeFile(join(path, 'model.safetensors'), Buffer.concat([length, Buffer.from(json)]));
  }
  const header = (count: number): string =>
    `{${Array.from({ length: count }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join(',')}}`;

  it('with a million tensors is refused before it is read', async () => {
    await writeHeader(header(1_000_000));
    const taken = await processorMs(async () => {
      expect((await refusal()).message).toMatch(/its header claims \d+ bytes, more than 16000000$/);
    });
    expect(taken).toBeLessThan(1_000);
    await writeHeader(header(100_000));
    expect((await refusal()).message).toMatch(/its header names 100000 tensors, more than 50000$/);
  });

  it('is not quoted at length', async () => {
    await writeHeader(`{"${'x'.repeat(1_000_000)}":{"dtype":"${'F'.repeat(1_000_000)}"}}`);
    const { message, details } = await refusal();
    expect(message.length).toBeLessThan(1_000 + path.length);
    expect(details.field.length).toBeLessThan(400);
    await writeHeader(`{"a":{"dtype":"F32","shape":[${'1,'.repeat(1_000_000)}0],"data_offsets":[0,0]}}`);
    expect((await refusal()).message).toMatch(/tensor a: it has 1000001 axes, more than 8$/);
  });
});

describe('files of settings', () => {
  it('that are too long are refused before they are read', async () => {
    const file = join(path, 'config.json');
    await truncate(file, 2 ** 31);
    expect((await refusal()).message).toBe(`${file}: it has 2147483648 bytes, more than 33554432`);
  });

  it('with a thousand modules are refused', async () => {
    const file = join(path, 'modules.json');
    const module = { type: 'sentence_transformers.models.Dense', path: '' };
    await writeFile(file, JSON.stringify(Array.from({ length: 1_000 }, () => module)));
    expect((await refusal()).message).toBe(`${file}: length is 1000`);
  });

  it.runIf(process.platform === 'linux')('that are pipes are refused, not waited for', async () => {
    const file = join(path, 'config.json');
    await rm(file);
    execFileSync('mkfifo', [file]);
    // The reader that a version waits in would keep the test's process: this end lets it go.
    const writer = setTimeout(() => void open(file, 'w').then((handle) => handle.close()), 2_000);
    expect((await refusal()).message).toBe(`${file}: it is no file`);
    clearTimeout(writer);
  });
});
