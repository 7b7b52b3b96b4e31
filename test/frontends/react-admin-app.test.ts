/** docs/examples/react-admin in a real browser: every page, while a real run trains. */
import { join } from 'node:path';
import { EvaluateCheckpointDocument } from 'tandem-client';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ExampleApp, openExample } from './example-app.ts';
import { root } from './install.mjs';
import { makeDocuments, pairs, prepareTraining, type Training } from './training.ts';

describe('the example of React-admin', () => {
  let app: ExampleApp;
  let training: Training;
  /** Ids of the checkpoints of the runs short-1 to short-3. */
  const checkpoints: string[] = [];
  beforeAll(async () => {
    training = await prepareTraining(inject('url'), inject('alias'), 'faults');
    for (const [i, updates] of [1, 12, 24].entries()) {
      checkpoints.push(await training.end(await training.train(`short-${i + 1}`, updates)));
    }
    await makeDocuments(training.client, inject('alias'), 'handbook');
    app = await openExample('react-admin', inject('url'));
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await app.picture('failed');
  });
  afterAll(async () => app?.close());

  /** Opens a page as somebody does who comes for the first time: React-admin keeps filters and orders. */
  async function open(path: string): Promise<void> {
    await app.page.goto(`${app.url}/404`);
    await app.page.evaluate(() => localStorage.clear());
    await app.page.goto('about:blank');
    await app.page.goto(`${app.url}/#${path}`);
  }
  const field = (label: string) => app.page.getByLabel(label, { exact: true });
  /** Chooses an option of a field that suggests some. */
  async function choose(label: string, option: string): Promise<void> {
    await field(label).fill(option);
    await app.page.getByRole('option', { name: option }).first().click();
  }
  const press = (name: string): Promise<void> => app.page.getByRole('button', { name, exact: true }).click();
  const column = (name: string): Promise<string[]> => app.page.locator(`tbody .column-${name}`).allTextContents();

  it('takes a data set from a file', async () => {
    await open('/datasets/create');
    await field('Name *').fill('uploaded');
    await field('Highest grade of a pair').fill('5');
    const lines = pairs.map((record) => JSON.stringify(record)).join('\n');
    const file = { name: 'pairs.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(lines) };
    await app.page.locator('input[type=file]').setInputFiles(file);
    await app.picture('dataset-create');
    await press('Save');
    await app.page.locator('tbody tr', { hasText: 'uploaded' }).waitFor();
    await app.picture('datasets');
  });

  it('makes a model, and says at the field what is wrong with it', async () => {
    await open('/models/create');
    await field('Name *').fill('made in a browser');
    await choose('Vocabulary from the texts of *', 'faults');
    await field('Width').fill('33');
    await press('Save');
    await app.page.locator('.Mui-error', { hasText: /width/i }).first().waitFor();
    await app.picture('model-refused');
    await field('Width').fill('32');
    await press('Save');
    await app.page.locator('tbody tr', { hasText: 'made in a browser' }).waitFor();
    await app.picture('models');
  });

  it('uploads the folder of a model and imports it', async () => {
    const folder = join(root, 'test/fixtures/pipelines/cls-half');
    await open('/models/create');
    await app.page.getByRole('tab', { name: 'From this computer' }).click();
    await field('Name *').fill('from this computer');
    // The folder lies there with another file already: the upload stops, and goes on where that one is gone.
    const { client } = training;
    await client.upload('cls-half/config.json', Buffer.from('{}'));
    await app.page.locator('input[type=file]').setInputFiles(folder);
    await app.page.getByText('There is another "cls-half/config.json" already').waitFor();
    await app.picture('model-upload-refused');
    await client.deleteUpload('cls-half');
    await app.page.locator('input[type=file]').setInputFiles(folder);
    await app.page.getByText('8 of 8 files sent').waitFor();
    await app.picture('model-upload');
    await press('Save');
    await app.page.locator('tbody tr', { hasText: 'from this computer' }).waitFor();
    await app.picture('models-uploaded');
    // Nothing of it stays in the import folder.
    await expect(client.deleteUpload('cls-half')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('imports a model from a folder of the server, and says at the field that there is none', async () => {
    await open('/models/create');
    await app.page.getByRole('tab', { name: 'From a folder' }).click();
    await field('Name *').fill('from nowhere');
    await field('Folder in the import folder of the server *').fill('nowhere');
    await press('Save');
    await app.page
      .locator('.Mui-error', { hasText: /nowhere|folder/ })
      .nth(1)
      .waitFor();
    await app.picture('model-import-refused');
  });

  it('trains, and draws the loss as it falls', async () => {
    await open('/runs/create');
    await field('Name *').fill('trained in a browser');
    await choose('Model *', 'tiny');
    await choose('Data sets *', 'faults');
    await field('Epochs').fill('40');
    await field('Learning rate').fill('0.01');
    await app.picture('run-create');
    await press('Save');
    const chart = app.page.getByRole('img', { name: 'Loss by step' });
    const last = async (): Promise<number> => Number(/step (\d+)$/.exec((await chart.textContent()) ?? '')?.[1] ?? 0);
    await expect.poll(last, { timeout: 60_000 }).toBeGreaterThan(1);
    const before = await last();
    await app.picture('run-live');
    await expect.poll(last, { timeout: 60_000 }).toBeGreaterThan(before);
    // Nobody reloads the page: the server tells of the end.
    await app.page.getByText('SUCCEEDED', { exact: true }).waitFor();
    await app.picture('run-ended');
  });

  it('lists runs in an order, by a filter and in pages', async () => {
    const query = { filter: '{"q":"short-"}', sort: 'step', order: 'ASC', page: '1', perPage: '2' };
    await open(`/runs?${new URLSearchParams(query)}`);
    await expect.poll(() => column('name')).toEqual(['short-1', 'short-2']);
    await app.page.getByLabel('Go to next page').click();
    await expect.poll(() => column('name')).toEqual(['short-3']);
    await open(`/runs?${new URLSearchParams({ ...query, perPage: '10' })}`);
    await app.page.getByRole('button', { name: /Sort by progress/i }).click();
    await expect.poll(() => column('name')).toEqual(['short-3', 'short-2', 'short-1']);
    await app.picture('runs');
    await field('State').click();
    await app.page.getByRole('option', { name: 'FAILED' }).click();
    await app.page.getByText(/No .*found/i).waitFor();
    await app.picture('runs-none');
  });

  it('ranks checkpoints, a new one at once', async () => {
    await open('/leaderboard');
    await field('Data set').click();
    await app.page.getByRole('option', { name: 'faults' }).click();
    await app.page.getByText('Nothing was evaluated').waitFor();
    await app.picture('leaderboard-empty');
    const { client, dataset } = training;
    for (const id of checkpoints) {
      await client.execute(EvaluateCheckpointDocument, { input: { checkpoint: { id }, datasets: [dataset] } });
    }
    const figures = app.page.locator('tbody td:last-child');
    await expect.poll(() => figures.count()).toBe(3);
    const values = (await figures.allTextContents()).map(Number);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(new Set(values).size).toBeGreaterThan(1);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    await app.picture('leaderboard');
  });

  it('finds documents', async () => {
    await open('/search');
    await field('Collection').click();
    await app.page.getByRole('option', { name: 'handbook' }).click();
    await field('Query *').fill('The fan runs hot.');
    await press('Search');
    await app.page.getByText(/^1\. fan-runs-hot/).waitFor();
    await app.picture('search');
  });

  it('renames a run, not to nothing, and deletes it', async () => {
    const run = await training.train('passing', 1);
    await training.end(run);
    await open(`/runs/${run}`);
    await field('Name *').fill('');
    await press('Save');
    await app.page.locator('.Mui-error', { hasText: 'Required' }).first().waitFor();
    await field('Name *').fill('renamed');
    await press('Save');
    await app.page.locator('tbody tr', { hasText: 'renamed' }).waitFor();
    await app.page.locator('tbody tr', { hasText: 'renamed' }).click();
    await app.page.getByRole('link', { name: 'Edit' }).click();
    await press('Delete');
    await app.picture('run-delete');
    await press('Confirm');
    await expect.poll(async () => (await column('name')).includes('renamed')).toBe(false);
    expect(app.errors).toEqual([]);
  });
});
