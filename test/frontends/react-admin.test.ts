/** React-admin in a real browser: the app of docs/examples/react-admin over tandem-react-admin. */
import { CreateCollectionDocument, createClient, type Operation } from 'tandem-client';
import { afterAll, beforeAll, describe, expect, inject } from 'vitest';
import { can } from './capabilities.ts';
import { lettersOf, type Made, makeCollections } from './collections.ts';
import { type ExampleApp, openExample } from './example-app.ts';

const update: Operation<'mutation', unknown, { readonly input: { readonly id: string; readonly notes: string } }> = {
  kind: 'mutation',
  name: 'Update',
  text: 'mutation Update($input: UpdateCollectionInput!) { updateCollection(input: $input) { collection { id } } }',
};

describe('React-admin', () => {
  let app: ExampleApp;
  let made: readonly Made[];
  beforeAll(async () => {
    made = await makeCollections(inject('url'), inject('alias'), 'admin');
    app = await openExample('react-admin', inject('url'));
  });
  afterAll(async () => app?.close());

  /** Opens the list with this state, and waits for its rows. */
  async function open(state: Readonly<Record<string, string>> = {}): Promise<void> {
    const search = new URLSearchParams({ filter: '{"q":"admin-"}', sort: 'name', order: 'ASC', ...state });
    await app.page.goto('about:blank');
    await app.page.goto(`${app.url}/#/collections?${search}`);
    await app.page.locator('tbody .column-name').first().waitFor();
  }
  const names = async (): Promise<string[]> => app.page.locator('tbody .column-name').allTextContents();
  const letters = async (): Promise<string[]> => lettersOf((await names()).map((name) => ({ name })));

  can('react-admin', 'list', async () => {
    await open();
    expect((await names()).sort()).toEqual(made.map(({ name }) => name).sort());
    await app.picture('list');
  });

  can('react-admin', 'page', async () => {
    await open({ page: '1', perPage: '3' });
    expect(await letters()).toEqual(['a', 'b', 'c']);
    await app.page.getByLabel('Go to next page').click();
    await expect.poll(letters).toEqual(['d', 'e']);
    expect(await app.page.locator('.MuiTablePagination-displayedRows').textContent()).toBe('4-5 of 5');
  });

  can('react-admin', 'sort', async () => {
    await open();
    await app.page.getByRole('button', { name: /Sort by name/i }).click();
    await expect.poll(letters).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  can('react-admin', 'filter', async () => {
    await open();
    await app.page.getByPlaceholder('Search').fill('ADMIN-B');
    await expect.poll(letters).toEqual(['b']);
  });

  can('react-admin', 'getMany', async () => {
    await open();
    await expect
      .poll(() => app.page.locator('tbody .column-checkpoint').allTextContents())
      .toEqual(made.map(() => 'tiny'));
  });

  can('react-admin', 'update', async () => {
    await open();
    await app.page.getByText('admin-a').click();
    await app.page.getByLabel('Name').fill('admin-b');
    await app.page.getByRole('button', { name: 'Save' }).click();
    // The name is taken: the form says so at the field.
    await app.page
      .locator('.Mui-error', { hasText: /admin-b|taken|name/i })
      .first()
      .waitFor();
    await app.picture('refused');
    await app.page.getByLabel('Name').fill('admin-a');
    await app.page.getByLabel('Notes').fill('by React-admin');
    await app.page.getByRole('button', { name: 'Save' }).click();
    await app.page.locator('tbody', { hasText: 'by React-admin' }).waitFor();
  });

  can('react-admin', 'delete', async () => {
    await makeCollections(inject('url'), inject('alias'), 'admin-gone');
    await open({ filter: '{"q":"admin-gone"}' });
    await app.page.getByRole('checkbox', { name: 'Select all' }).click();
    await app.page.getByRole('button', { name: 'Delete' }).click();
    await app.page.getByRole('button', { name: 'Confirm' }).click();
    await expect.poll(names).toEqual([]);
  });

  can('react-admin', 'live', async () => {
    await open();
    const client = createClient({ url: inject('url') });
    const input = { name: 'admin-live', checkpoint: { alias: inject('alias') } };
    const { createCollection } = await client.execute(CreateCollectionDocument, { input });
    await app.page.locator('tbody', { hasText: 'admin-live' }).waitFor();
    await client.execute(update, { input: { id: createCollection.collection.id, notes: 'seen' } });
    await app.page.locator('tbody', { hasText: 'seen' }).waitFor();
    expect(app.errors).toEqual([]);
  });
});
