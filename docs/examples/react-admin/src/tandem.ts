/** The connection to the server: one client for everything, one feed of changes for all live pages. */
import { createClient } from 'tandem-client';
import { createChangeFeed, createDataProvider } from 'tandem-react-admin';

/** The address of this page, from which Vite passes /graphql on. */
const url = window.location.origin;

export const client = createClient({ url });
export const dataProvider = createDataProvider(client);
export const feed = createChangeFeed(client);
