/**
 * Pages that stay fresh: React-admin keeps what it has read in the cache of react-query, and the hooks here have that
 * read again when the server tells of a change.
 */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ChangeFeed } from '../common/changes.ts';
import { gather, isOfOne } from '../common/gather.ts';

/**
 * Refreshes the lists and references of these resources whenever one of their records is made, changed or deleted. The
 * record of an open form stays as it is, so that nobody loses what they type; see {@link useLiveRecord}.
 */
export function useLive(feed: ChangeFeed, resources: readonly string[]): void {
  const queries = useQueryClient();
  const names = resources.join(' ');
  useEffect(() => {
    const stops = names.split(' ').map((resource) => refreshLists(feed, queries, resource));
    return () => {
      for (const stop of stops) stop();
    };
  }, [feed, queries, names]);
}

/** Refreshes one record, for a page that shows it. Not for a form: it would lose what is typed. */
export function useLiveRecord(feed: ChangeFeed, resource: string, id: string | number | undefined): void {
  const queries = useQueryClient();
  useEffect(
    () => (id === undefined ? undefined : refreshRecord(feed, queries, resource, String(id))),
    [feed, queries, resource, id],
  );
}

/** Has everything but single records of a resource read again at a change; returns what ends it. */
const refreshLists = (feed: ChangeFeed, queries: QueryClient, resource: string): (() => void) =>
  gather(
    feed,
    resource,
    () => true,
    () => queries.invalidateQueries({ predicate: ({ queryKey: [of, what] }) => of === resource && what !== 'getOne' }),
  );

/** Has one record read again when it changes; returns what ends it. */
const refreshRecord = (feed: ChangeFeed, queries: QueryClient, resource: string, id: string): (() => void) =>
  gather(feed, resource, isOfOne([id]), () =>
    queries.invalidateQueries({
      predicate: ({ queryKey: [of, what, given] }) =>
        of === resource && what === 'getOne' && (given as { readonly id?: unknown })?.id === id,
    }),
  );
