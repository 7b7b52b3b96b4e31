/**
 * Tandem behind React-admin 5, published as `tandem-react-admin`.
 *
 *     const client = createClient({ url: 'http://127.0.0.1:4000' });
 *     <Admin dataProvider={createDataProvider(client)}>
 */
export { type Change, type ChangeFeed, createChangeFeed } from '../common/changes.ts';
export { type ResourceName, resourceNames } from '../common/resource.ts';
export { createDataProvider, type DataProviderOptions } from './data-provider.ts';
export { DataProviderError } from './errors.ts';
export { useLive, useLiveRecord } from './live.ts';
