/** Refine's live provider over the subscription to changes. */
import type { Change, ChangeFeed } from '../common/changes.ts';
import { gather, isOfOne } from '../common/gather.ts';
import type { LiveProvider } from './types.ts';

/** What Refine calls the kinds of changes. What was missed may have been anything, an update at least. */
const types: Readonly<Record<Change['kind'], string>> = {
  CREATED: 'created',
  UPDATED: 'updated',
  DELETED: 'deleted',
  RESYNC: 'updated',
};

/**
 * The live provider for Refine 5; channels are Refine's own, "resources/runs". Changes that follow each other are told
 * once a second, those of one kind as one event with all their ids.
 */
export const createLiveProvider = (feed: ChangeFeed): LiveProvider => ({
  subscribe({ channel, types: wanted, callback, params }) {
    const ids = params?.ids ?? (params?.id === undefined ? [] : [params.id]);
    const isOne = ids.length > 0 ? isOfOne(ids.map(String)) : () => true;
    const isWanted = (type: string): boolean => wanted.includes('*') || wanted.includes(type);
    const matters = (change: Change): boolean => isOne(change) && isWanted(types[change.kind]);
    return gather(feed, channel.replace(/^resources\//, ''), matters, (changes) => {
      for (const type of new Set(changes.map(({ kind }) => types[kind]))) {
        const found = changes.filter(({ kind }) => types[kind] === type);
        const told = [...new Set(found.flatMap(({ id }) => id ?? []))];
        callback({ channel, type, payload: { ids: told }, date: new Date() });
      }
    });
  },
  unsubscribe: (stop) => stop(),
});
