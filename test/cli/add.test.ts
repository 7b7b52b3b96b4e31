/** `tandem add` as a process of its own, against a real service: keys, encodings, and nothing half-added. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocuments } from '../../src/cli/lines-file.ts';
import { createCollection, startLive } from '../graphql/live/fixture.ts';
import { ask, get, type Live, stopLive } from '../graphql/live/harness.ts';
import { runTandem } from './tandem.ts';

let live: Live;
let folder: string;
beforeAll(async () => {
  live = await startLive();
  folder = await mkdtemp(join(tmpdir(), 'tandem-add-'));
});
afterAll(async () => {
  await stopLive(live);
  await rm(folder, { recursive: true, force: true });
});
const add = (...args: readonly string[]) => runTandem(live.url, ['add', ...args], folder);
const write = (name: string, content: string | Buffer) => writeFile(join(folder, name), content);
const checkpoint = () => live.made.checkpoints.at(-1)!;

/** Keys and texts of a collection, in order; undefined = there is none. */
async function contentOf(name: string): Promise<string[][] | undefined> {
  const query = `query($name: String) {
    collections(filter: {name: $name}) { nodes { documents(first: 20) { nodes { key text } } } }
  }`;
  type Found = { collections: { nodes: { documents: { nodes: { key: string; text: string }[] } }[] } };
  const { collections } = await get<Found>(live, query, { name });
  return collections.nodes[0]?.documents.nodes.map(({ key, text }) => [key, text]);
}

describe('tandem add', () => {
  it('keys documents by path and line, so that a second file overwrites nothing', async () => {
    await write('one.txt', '\ufeffthe pump leaks\n\nthe fan is stuck\r\n');
    await write('two.txt', 'the belt runs hot\n');
    const first = await add('one.txt', '--collection', 'files', '--checkpoint', checkpoint());
    const found = await get<{ collections: { nodes: [{ id: string }] } }>(live, '{ collections { nodes { id } } }');
    const second = await add('./two.txt', '--collection', found.collections.nodes[0].id);
    expect([first.stderr, second.code]).toEqual([expect.not.stringContaining('error'), 0]);
    expect(await contentOf('files')).toEqual([
      ['one.txt:1', 'the pump leaks'],
      ['one.txt:3', 'the fan is stuck'],
      ['./two.txt:1', 'the belt runs hot'],
    ]);
  });

  it('replaces only when that is asked for', async () => {
    await write('again.txt', 'the first text\nthe second text\n');
    await add('again.txt', '--collection', 'again', '--checkpoint', checkpoint());
    await write('again.txt', 'the first text anew\nthe second text\nthe third text\n');
    const refused = await add('again.txt', '--collection', 'again');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('again.txt:1')]);
    expect(await contentOf('again')).toHaveLength(2);
    const replaced = await add('again.txt', '--collection', 'again', '--replace', '--json');
    expect(JSON.parse(replaced.stdout)).toMatchObject({ added: 1, replaced: 2 });
    expect((await contentOf('again'))?.[0]).toEqual(['again.txt:1', 'the first text anew']);
  });

  it('takes keys from the lines', async () => {
    await write('keyed.tsv', 'a\tthe pump\nb\tthe fan\twith a tab\n');
    await add('keyed.tsv', '--collection', 'keyed', '--checkpoint', checkpoint(), '--keyed');
    expect(await contentOf('keyed')).toEqual([
      ['a', 'the pump'],
      ['b', 'the fan\twith a tab'],
    ]);
  });

  it('refuses another checkpoint than that of the collection', async () => {
    await createCollection(live, { name: 'bound', checkpoint: { id: checkpoint() } });
    await write('bound.txt', 'the pump\n');
    const other = await add('bound.txt', '--collection', 'bound', '--checkpoint', live.made.checkpoints[0]!);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('another checkpoint')]);
    expect(await contentOf('bound')).toEqual([]);
    expect((await add('bound.txt', '--collection', 'bound', '--checkpoint', checkpoint())).code).toBe(0);
  });

  const lines = Array.from({ length: 600 }, (_, i) => `document ${i + 1}`);
  it.each([
    ['a NUL in line 550', lines.with(549, 'a\0b').join('\n'), /line 550 has a NUL/],
    ['Latin-1', Buffer.from(lines.with(2, 'der Lüfter').join('\n'), 'latin1'), /not UTF-8: line 3 .*Latin-1/],
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(lines.join('\n'), 'utf16le')]), /UTF-16/],
  ])('refuses a file with %s, and adds nothing', async (_what, content, message) => {
    await write('faulty.txt', content);
    const { code, stderr } = await add('faulty.txt', '--collection', 'never made', '--checkpoint', checkpoint());
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(await contentOf('never made')).toBeUndefined();
  });

  it.each([
    ['no tab', 'a\tb\nc\n', /line 2 has no tab/],
    ['a key twice', 'a\tb\na\tc\n', /line 2 has the key of line 1/],
    ['no key', '\tb\n', /line 1 has no key/],
    ['no text', 'a\t \n', /line 1 has no text/],
    ['a long key', `${'a'.repeat(501)}\tb\n`, /line 1 has a key of more than 500/],
  ])('refuses keyed lines with %s', async (_what, content, message) => {
    await write('keys.tsv', content);
    await expect(readDocuments({ file: join(folder, 'keys.tsv'), keyed: true })).rejects.toThrow(message);
  });
});

it('addDocuments without replacement is a CONFLICT under another key, and the first answer under the same', async () => {
  const collection = await createCollection(live, { name: 'once', checkpoint: { id: checkpoint() } });
  const mutation = 'mutation($input: AddDocumentsInput!) { addDocuments(input: $input) { added replaced } }';
  const input = { collection, documents: [{ key: 'x', text: 'a' }], replace: false, idempotencyKey: 'once' };
  const added = { addDocuments: { added: 1, replaced: 0 } };
  expect(await get(live, mutation, { input })).toEqual(added);
  expect(await get(live, mutation, { input })).toEqual(added);
  const { errors } = await ask(live, mutation, { input: { ...input, idempotencyKey: 'twice' } });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.documents' });
});
