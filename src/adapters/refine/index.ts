/**
 * Tandem behind Refine 5, published as `tandem-refine`.
 *
 *     const client = createClient({ url: 'http://127.0.0.1:4000' });
 *     <Refine
 *       dataProvider={createDataProvider(client)}
 *       liveProvider={createLiveProvider(createChangeFeed(client))}
 *       options={{ liveMode: 'auto' }}
 *     />
 */
export { type Change, type ChangeFeed, createChangeFeed } from '../common/changes.ts';
export { type ResourceName, resourceNames } from '../common/resource.ts';
export { createDataProvider, type DataProviderOptions } from './data-provider.ts';
export { DataProviderError } from './errors.ts';
export { createLiveProvider } from './live-provider.ts';
