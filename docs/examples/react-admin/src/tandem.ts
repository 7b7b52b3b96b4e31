/** The connection to the server: one client for everything, one feed of changes for all live pages. */
import { createClient } from 'tandem-client';
import { createAuthProvider, createChangeFeed, createDataProvider, createKeyStore } from 'tandem-react-admin';

/** The address of this page, from which Vite passes /graphql on; or that of a server that has it in TANDEM_ORIGINS. */
const url = import.meta.env['VITE_TANDEM_URL'] ?? window.location.origin;

const keys = createKeyStore();
export const client = createClient({ url, headers: keys.headers });
export const dataProvider = createDataProvider(client);
export const authProvider = createAuthProvider(client, keys);
export const feed = createChangeFeed(client);
