/** Refine in a real browser: the app of docs/examples/refine over tandem-refine. */
import { CreateCollectionDocument, createClient, type Operation } from 'tandem-client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { can } from './capabilities.ts';
import { lettersOf, type Made, makeCollections } from './collections.ts';
import { type ExampleApp, openExample } from './example-app.ts';
import { prepareTraining } from './training.ts';

const update: Operation<'mutation', unknown, { readonly input: { readonly id: string; readonly notes: string } }> = {
  kind: 'mutation',
  name: 'Update',
  text: 'mutation Update($input: UpdateCollectionInput!) { updateCollection(input: $input) { collection { id } } }',
};

describe('Refine', () => {
  let app: ExampleApp;
  let made: readonly Made[];
  beforeAll(async () => {
    made = await makeCollections(inject('url'), inject('alias'), 'refine');
    app = await openExample('refine', inject('url'));
  });
  afterAll(async () => app?.close());

  /** Opens the list of collections with what the search finds. */
  async function open(query = 'refine-'): Promise<void> {
    await app.page.goto('about:blank');
    await app.page.goto(`${app.url}/collections`);
    await app.page.getByLabel('Search').fill(query);
    await app.page.locator('tbody tr').first().waitFor();
  }
  const names = async (): Promise<string[]> => app.page.locator('tbody td:first-child').allTextContents();
  const letters = async (): Promise<string[]> => lettersOf((await names()).map((name) => ({ name })));
  const sortByName = (): Promise<void> => app.page.getByRole('button', { name: 'Name' }).click();

  can('Refine', 'list', async () => {
    await open();
    await expect.poll(async () => (await names()).every((name) => name.startsWith('refine-'))).toBe(true);
    await app.page.getByText('5 in all').waitFor();
    await app.picture('list');
  });

  can('Refine', 'page', async () => {
    await open();
    await sortByName();
    await expect.poll(letters).toEqual(['a', 'b', 'c']);
    await app.page.getByRole('button', { name: 'Next' }).click();
    await expect.poll(letters).toEqual(['d', 'e']);
  });

  can('Refine', 'sort', async () => {
    await open();
    await sortByName();
    await expect.poll(letters).toEqual(['a', 'b', 'c']);
    await sortByName();
    await expect.poll(letters).toEqual(['e', 'd', 'c']);
  });

  can('Refine', 'filter', async () => {
    await open('REFINE-B');
    await expect.poll(letters).toEqual(['b']);
  });

  can('Refine', 'getMany', async () => {
    await open();
    const checkpoints = () => app.page.locator('tbody td:nth-child(2)').allTextContents();
    await expect.poll(checkpoints).toEqual(['tiny', 'tiny', 'tiny']);
  });

  can('Refine', 'update', async () => {
    await open('refine-a');
    await app.page.getByRole('link', { name: 'refine-a' }).click();
    await app.page.getByLabel('Name').fill('refine-b');
    await app.page.getByRole('button', { name: 'Save' }).click();
    // The name is taken: the form says so at the field.
    await app.page.locator('label', { hasText: 'Name' }).getByRole('alert').waitFor();
    await app.picture('refused');
    await app.page.getByLabel('Name').fill('refine-a');
    await app.page.getByLabel('Notes').fill('by Refine');
    await app.page.getByRole('button', { name: 'Save' }).click();
    await app.page.getByRole('heading', { name: 'Collections' }).waitFor();
    await open('refine-a');
    await app.page.locator('tbody tr', { hasText: 'refine-a' }).getByText('by Refine').waitFor();
  });

  can('Refine', 'delete', async () => {
    await makeCollections(inject('url'), inject('alias'), 'refine-gone');
    await open('refine-gone-a');
    await expect.poll(names).toEqual(['refine-gone-a']);
    app.page.once('dialog', (dialog) => void dialog.accept());
    await app.page.getByRole('button', { name: 'Delete' }).click();
    await expect.poll(names).toEqual([]);
  });

  can('Refine', 'live', async () => {
    await open('refine-');
    const client = createClient({ url: inject('url') });
    const input = { name: 'refine-live', checkpoint: { alias: inject('alias') } };
    const { createCollection } = await client.execute(CreateCollectionDocument, { input });
    await app.page.locator('tbody', { hasText: 'refine-live' }).waitFor();
    await client.execute(update, { input: { id: createCollection.collection.id, notes: 'seen' } });
    await app.page.locator('tbody', { hasText: 'seen' }).waitFor();
    expect(made).toHaveLength(5);
    expect(app.errors).toEqual([]);
  });

  it('shows a run as it trains', async () => {
    const training = await prepareTraining(inject('url'), inject('alias'), 'refine-pairs');
    await app.page.goto(`${app.url}/runs`);
    const run = await training.train('refine-run', 40);
    const row = app.page.locator('tbody tr', { hasText: 'refine-run' });
    const step = async (): Promise<number> => Number.parseInt(await row.locator('td:nth-child(2)').innerText(), 10);
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(1);
    const before = await step();
    await app.picture('runs-live');
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(before);
    await row.getByText('SUCCEEDED').waitFor();
    await training.end(run);
    await app.picture('runs');
  });
});
