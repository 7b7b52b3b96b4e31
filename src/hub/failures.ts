/** Errors of a hub, with what to do about them. No message contains a token or a signed address. */
import { diskError } from '../disk-full.ts';
import { badInput, notFound, TandemError, unavailable } from '../errors.ts';
import type { HubReference, HubSettings } from './types.ts';

export interface Place extends HubReference {
  readonly endpoint: string;
  readonly hasToken: boolean;
}

export const placeOf = ({ repository, revision }: HubReference, { endpoint, token }: HubSettings): Place => ({
  ...{ repository, revision, endpoint },
  hasToken: token !== undefined,
});

const field = 'hub.repository';

/**
 * True if the response comes from the storage that a hub redirected to: its refusals do not say who may read the
 * model.
 */
export const isOfStorage = ({ url, headers }: Pick<Response, 'url' | 'headers'>, endpoint: string): boolean =>
  url !== '' && new URL(url).origin !== new URL(endpoint).origin && !headers.has('x-error-code');

/** The error for a response without success; `file` is the requested file, if it was one. */
export function refusal(response: Response, place: Place, file?: string): TandemError {
  const { repository, revision, endpoint } = place;
  const code = response.headers.get('x-error-code');
  const what = file === undefined ? `the model ${repository}` : `${file} of the model ${repository}`;
  const ofHub = !isOfStorage(response, endpoint);
  if (ofHub && (response.status === 401 || response.status === 403)) return notAllowed(response.status, code, place);
  if (code === 'RevisionNotFound') {
    return notFound(`The model ${repository} on ${endpoint} has no revision "${revision}"`, {
      field: 'hub.revision',
      expected: 'a branch, a tag or a commit of the repository',
      remedy: 'Correct the revision, or leave it out for "main".',
    });
  }
  if (ofHub && response.status === 404) {
    return notFound(`There is no such thing on ${endpoint} as ${what}`, {
      field,
      expected: 'owner/name of a model, and a revision it has',
      remedy: 'Correct the name or the revision; HF_ENDPOINT names another hub.',
    });
  }
  return unavailable(
    `${ofHub ? endpoint : `The storage of ${endpoint}`} answered ${response.status} when asked for ${what}`,
    {
      field,
      expected: 'a hub that answers',
      remedy: 'Try again later; what was downloaded so far is kept.',
    },
  );
}

function notAllowed(status: number, code: string | null, { repository, endpoint, hasToken }: Place): TandemError {
  const gated = code === 'GatedRepo';
  const token = hasToken ? 'the token that is set does not allow it' : 'no token is set';
  const why = gated ? 'it is gated: its owner asks people to accept terms first' : 'it is private, or not there';
  return new TandemError('FORBIDDEN', `${endpoint} refuses the model ${repository} (${status}): ${why}, and ${token}`, {
    field,
    expected: 'a model that is open to everyone, or a token of somebody who may read it',
    remedy:
      `${gated ? `Accept the terms at ${endpoint}/${repository}, then set` : 'Check the name, and set'} HF_TOKEN ` +
      'to a token with read access and start Tandem again.',
  });
}

/** The error for a request without a response. */
export function unreachable(error: unknown, { repository, endpoint }: Place): TandemError {
  const { message, cause } = error as Error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return unavailable(`${endpoint} cannot be reached for the model ${repository} (${code ?? message})`, {
    field,
    expected: 'a network connection to the hub',
    remedy:
      'Check the network and HF_ENDPOINT; what was downloaded so far is kept. A model that was downloaded before is ' +
      'found with HF_HUB_OFFLINE=1, or a folder can be given instead.',
  });
}

export const notDownloaded = ({ repository, revision }: HubReference): TandemError =>
  unavailable(`The model ${repository} at "${revision}" was not downloaded before, and HF_HUB_OFFLINE is set`, {
    field,
    expected: 'a model of an earlier download',
    remedy: 'Unset HF_HUB_OFFLINE and start Tandem again, or give a folder.',
  });

export const damaged = (file: string, { repository, endpoint }: Pick<Place, 'repository' | 'endpoint'>): TandemError =>
  unavailable(`${file} of the model ${repository} does not match its checksum`, {
    field,
    expected: `the bytes whose checksum ${endpoint} lists`,
    remedy: 'Try again: the damaged file was deleted. If it stays, a proxy or mirror changes the file.',
  });

export const incomplete = (repository: string, missing: string, remedy: string): TandemError =>
  badInput(`The model ${repository} has no ${missing}`, { field, expected: `${missing} in the repository`, remedy });

/** The error of a failed write: a full disk as a typed error, any other error as it is. */
export const writeFailure = (error: unknown): unknown =>
  diskError(error, {
    expected: 'free space for the model',
    remedy: 'Free some space and try again: the download continues where it stopped.',
  }) ?? error;
