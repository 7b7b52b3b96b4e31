/** Every setting beside a tokenizer.json: the ids of sentence-transformers, or a refusal by name. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { tokenizeCases } from '../formats/pipelines.ts';
import { outcomeOf, settingsCases, settingsTexts, writeCase } from '../formats/settings.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
let folders = 0;
const cases = settingsTexts.map((text) => ({ prompt: '', text }));

describe('settings of another program', () => {
  it('are many, and some of each kind change something', () => {
    expect(settingsCases.length).toBeGreaterThan(200);
    expect(settingsCases.filter(({ ids }) => ids !== undefined).length).toBeGreaterThan(40);
    expect(settingsCases.filter(({ refused }) => refused !== undefined).length).toBeGreaterThan(10);
  });

  it.each(settingsCases.filter(({ refused }) => refused === undefined))('$name', async (settings) => {
    const path = join(folder(), String(folders++));
    await writeCase(path, settings);
    const texts = await tokenizeCases(path, { cases });
    expect(texts.map(({ ids }) => [...ids])).toEqual(outcomeOf(settings).ids);
  });

  it.each(settingsCases.filter(({ refused }) => refused !== undefined))('are refused: $name', async (settings) => {
    const path = join(folder(), String(folders++));
    await writeCase(path, settings);
    const reading = readModelFolder(path).then(async ({ close }) => {
      await close();
      return tokenizeCases(path, { cases });
    });
    await expect(reading).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(settings.refused!),
    });
  });
});
