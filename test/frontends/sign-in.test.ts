/** Signing in to the examples with API keys: through Vite's proxy, and across origins with TANDEM_ORIGINS. */
import {
  CreateApiKeyDocument,
  CreateCollectionDocument,
  createClient,
  RevokeApiKeyDocument,
  type TandemClient,
} from 'tandem-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ExampleApp, openExample } from './example-app.ts';
import { freePort, startServer } from './own-server.ts';
import { makeModel } from './server.ts';

const adminKey = 'the-admin-key-of-the-frontends-tests';

/** What the two apps call the same things. */
const apps = {
  'react-admin': {
    collections: '/#/collections',
    collection: (id: string) => `/#/collections/${encodeURIComponent(id)}`,
    /** What a viewer sees who opens the form by its address. */
    refusal: /Access denied/i,
    async signOut({ page }: ExampleApp) {
      await page.getByRole('button', { name: 'Profile' }).click();
      await page.getByRole('menuitem', { name: 'Logout' }).click();
    },
  },
  refine: {
    collections: '/collections',
    collection: (id: string) => `/collections/${encodeURIComponent(id)}`,
    refusal: /role editor/i,
    signOut: ({ page }: ExampleApp) => page.getByRole('button', { name: 'Sign out' }).click(),
  },
};

describe.each([
  { name: 'react-admin', direct: false },
  { name: 'react-admin', direct: true },
  { name: 'refine', direct: false },
  { name: 'refine', direct: true },
] as const)('$name, asking the server itself: $direct', ({ name, direct }) => {
  const { collections, collection, refusal, signOut } = apps[name];
  let server: Awaited<ReturnType<typeof startServer>>;
  let app: ExampleApp;
  let admin: TandemClient;
  let made = '';
  beforeAll(async () => {
    const port = await freePort();
    const origins: Record<string, string> = direct ? { TANDEM_ORIGINS: `http://127.0.0.1:${port}` } : {};
    server = await startServer({ TANDEM_AUTH: 'required', TANDEM_ADMIN_KEY: adminKey, ...origins });
    admin = createClient({ url: server.url, headers: { authorization: `Bearer ${adminKey}` } });
    const alias = await makeModel(admin);
    made = await makeCollection(alias, 'there');
    app = await openExample(name, server.url, { port, direct });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await app.picture('failed');
  });
  afterAll(async () => {
    await app?.close();
    await server?.stop();
  });

  async function makeCollection(alias: string, title: string): Promise<string> {
    const input = { name: title, checkpoint: { alias } };
    return (await admin.execute(CreateCollectionDocument, { input })).createCollection.collection.id;
  }
  async function keyOf(role: 'VIEWER' | 'EDITOR') {
    const input = { name: `the ${role.toLowerCase()}`, role };
    const { apiKey, key } = (await admin.execute(CreateApiKeyDocument, { input })).createApiKey;
    return { id: apiKey.id, key };
  }
  async function signIn(key: string): Promise<void> {
    await app.page.getByLabel('API key').fill(key);
    await app.page.getByRole('button', { name: 'Sign in' }).click();
  }
  async function enter(key: string, who: string): Promise<void> {
    await signIn(key);
    await app.page.getByText(who).waitFor();
    await open(collections);
  }
  const open = (path: string) => app.page.goto(app.url + path);
  const row = (text: string) => app.page.locator('tbody tr', { hasText: text });

  it('refuses a wrong key at its field, lets a viewer read, and says what a viewer may not', async () => {
    await open(collections);
    await signIn('tdm_wrong');
    await app.page.getByText('The API key is not one of this server').waitFor();
    await app.picture('sign-in-refused');
    await enter((await keyOf('VIEWER')).key, 'the viewer');
    await row('there').waitFor();
    await makeCollection('tiny', 'made meanwhile');
    await row('made meanwhile').waitFor();
    await app.picture('viewer');
    await open(collection(made));
    if (name === 'refine') {
      await app.page.getByLabel('Notes').fill('by a viewer');
      await app.page.getByRole('button', { name: 'Save' }).click();
    }
    await app.page.getByText(refusal).first().waitFor();
    await app.picture('viewer-refused');
  });

  it('lets an editor change things, until the key is revoked', async () => {
    await open(collections);
    await signOut(app);
    const { id, key } = await keyOf('EDITOR');
    await enter(key, 'the editor');
    await row('there').waitFor();
    await open(collection(made));
    await app.page.getByLabel('Notes').fill('by an editor');
    await app.page.getByRole('button', { name: 'Save' }).click();
    await row('by an editor').waitFor();
    await admin.execute(RevokeApiKeyDocument, { id });
    await app.page.reload();
    await app.page.getByLabel('API key').waitFor();
    expect(app.errors).toEqual([]);
  });
});
