/**
 * Tandem behind Refine 5, published as `tandem-refine`.
 *
 *     const keys = createKeyStore();
 *     const client = createClient({ url: 'http://127.0.0.1:4000', headers: keys.headers });
 *     <Refine
 *       dataProvider={createDataProvider(client)}
 *       liveProvider={createLiveProvider(createChangeFeed(client))}
 *       authProvider={createAuthProvider(client, keys)}
 *       options={{ liveMode: 'auto' }}
 *     />
 */
export { type Change, type ChangeFeed, createChangeFeed } from '../common/changes.ts';
export { createKeyStore, type KeyStore } from '../common/keys.ts';
export { type ResourceName, resourceNames } from '../common/resource.ts';
export { createAuthProvider } from './auth-provider.ts';
export { createDataProvider, type DataProviderOptions } from './data-provider.ts';
export { DataProviderError } from './errors.ts';
export { createLiveProvider } from './live-provider.ts';
