/** Records of a request on their way to the importer. */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeInlineRecords } from '../../../src/jobs/kinds/common/inline-records.ts';
import { openStorage } from '../../../src/storage/storage.ts';

it('leave nothing staged when they cannot be written', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tandem-inline-'));
  try {
    const storage = openStorage(root);
    const stage = async (): Promise<string> => {
      const folder = await storage.stage();
      await mkdir(join(folder, 'records.jsonl'));
      return folder;
    };
    const text = { taskInstruction: '', instruction: '', text: 'the pump' };
    const record = { task: 'ir' as const, query: text, positives: [{ text }], negatives: [] };
    await expect(writeInlineRecords({ ...storage, stage }, [record])).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

it('have the scores of a teacher in one list, those of the positives first', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tandem-inline-'));
  try {
    const storage = openStorage(root);
    const text = { taskInstruction: '', instruction: '', text: 'the pump' };
    const positives = [{ text, teacherScore: -1 }, { text }];
    const record = { task: 'ir' as const, query: text, positives, negatives: [{ text, teacherScore: 2.5 }] };
    const { path } = await writeInlineRecords(storage, [record]);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ teacher_scores: [-1, null, 2.5] });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
