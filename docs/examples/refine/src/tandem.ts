/** The connection to the server: one client for everything, one feed of changes for all live pages. */
import { createClient } from 'tandem-client';
import { createChangeFeed, createDataProvider, createLiveProvider } from 'tandem-refine';

/** The address of this page, from which Vite passes /graphql on. */
const url = window.location.origin;

const client = createClient({ url });
export const dataProvider = createDataProvider(client);
export const liveProvider = createLiveProvider(createChangeFeed(client));
