/**
 * Tandem behind React-admin 5, published as `tandem-react-admin`.
 *
 *     const keys = createKeyStore();
 *     const client = createClient({ url: 'http://127.0.0.1:4000', headers: keys.headers });
 *     <Admin dataProvider={createDataProvider(client)} authProvider={createAuthProvider(client, keys)}>
 */
export { type Change, type ChangeFeed, createChangeFeed } from '../common/changes.ts';
export { createKeyStore, type KeyStore } from '../common/keys.ts';
export { type ResourceName, resourceNames } from '../common/resource.ts';
export { createAuthProvider } from './auth-provider.ts';
export { createDataProvider, type DataProviderOptions } from './data-provider.ts';
export { DataProviderError } from './errors.ts';
export { useLive, useLiveRecord } from './live.ts';
