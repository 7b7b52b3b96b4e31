/** The nouns of the API by their names. */
import { ApiError } from '../../client/index.ts';
import { resources } from './generated/resources.ts';
import type { Resource } from './types.ts';

export type ResourceName = keyof typeof resources;

/** The names of all nouns, in the order of the alphabet. */
export const resourceNames = Object.keys(resources) as readonly ResourceName[];

/** The noun of this name. Throws {@link ApiError} where there is none. */
export function resourceNamed(name: string): Resource {
  if (Object.hasOwn(resources, name)) return resources[name as ResourceName];
  throw refused(`There is no resource "${name}"`, {
    field: 'resource',
    expected: `one of ${resourceNames.join(', ')}`,
    remedy: 'Name the resource as the field of Query that lists it.',
  });
}

/** What a caller asked for that cannot be done, in the form of the server's own errors. */
export const refused = (
  message: string,
  details: { readonly field: string; readonly expected: string; readonly remedy: string },
): ApiError => new ApiError([{ message, extensions: { code: 'BAD_USER_INPUT', ...details } }]);
