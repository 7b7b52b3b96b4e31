/** What the hub knows of a model: the commit of a revision, and the files there that Tandem reads. */
import { listFiles, modelInfo } from '@huggingface/hub';
import { badInput, unavailable } from '../errors.ts';
import { incomplete } from './failures.ts';
import type { Requester } from './request.ts';
import type { HubFile, HubReference } from './types.ts';

const isCommit = (text: unknown): text is string => typeof text === 'string' && /^[0-9a-f]{40}$/.test(text);

/** The commit, if the revision is a commit's sha; a branch or a tag may move. */
export const pinnedCommit = ({ revision }: HubReference): string | undefined =>
  isCommit(revision) ? revision : undefined;

/** Throws BAD_USER_INPUT for an invalid name of a model or a revision; both become parts of addresses and paths. */
export function checkReference({ repository, revision }: HubReference): void {
  const parts = repository.split('/');
  const isName = parts.length <= 2 && parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}$/.test(part));
  if (!isName || /\.\.|--/.test(repository)) {
    throw badInput(`${JSON.stringify(repository.slice(0, 200))} is no name of a model on a hub`, {
      field: 'hub.repository',
      expected: 'owner/name, for example sentence-transformers/all-MiniLM-L6-v2',
      remedy: "Copy the name from the model's page; a folder is given as a folder.",
    });
  }
  if (/^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$/.test(revision) && !/\.\.|\/\/|\/$/.test(revision)) return;
  throw badInput(`${JSON.stringify(revision.slice(0, 250))} is no name of a revision`, {
    field: 'hub.revision',
    expected: 'a branch, a tag or a commit, for example main',
    remedy: 'Leave it out for "main".',
  });
}

export async function commitOf({ fetch, place }: Requester): Promise<string> {
  const info = await answer(place.endpoint, () =>
    modelInfo({
      name: place.repository,
      revision: place.revision,
      hubUrl: place.endpoint,
      fetch,
      additionalFields: ['sha'],
    }),
  );
  if (!isCommit(info.sha)) throw oddAnswer(place.endpoint, 'it names no commit');
  return info.sha;
}

/** Every file of the commit by its path. */
export async function filesOf({ fetch, place }: Requester, commit: string): Promise<ReadonlyMap<string, HubFile>> {
  const files = new Map<string, HubFile>();
  const options = { repo: place.repository, revision: commit, recursive: true, hubUrl: place.endpoint, fetch };
  await answer(place.endpoint, async () => {
    for await (const { type, path, size, oid, lfs } of listFiles(options)) {
      const etag = lfs?.oid ?? oid ?? '';
      if (type !== 'file' || !isPlain(path)) continue;
      if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(etag) || !Number.isSafeInteger(size) || size < 0) {
        throw oddAnswer(place.endpoint, `${path} has no checksum or no size`);
      }
      files.set(path, { path, size: lfs?.size ?? size, etag });
    }
  });
  return files;
}

/** True for a path that stays below the folder it is put into. */
const isPlain = (path: string): boolean =>
  path.split('/').every((part) => /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(part) && !part.endsWith('.'));

/** Turns errors of reading an answer (no JSON, missing fields) into errors that blame the hub. */
async function answer<T>(endpoint: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) throw oddAnswer(endpoint, error.message);
    throw error;
  }
}

const oddAnswer = (endpoint: string, reason: string) =>
  unavailable(`${endpoint} gave an answer that is none of a Hugging Face hub: ${reason}`, {
    field: 'hub',
    expected: 'the API of a Hugging Face hub',
    remedy: 'Check HF_ENDPOINT.',
  });

// ---- which files -------------------------------------------------------------------------------------------------

/** Settings that are read from the root and from the folders of modules. */
const settings =
  /^(config|tokenizer|tokenizer_config|special_tokens_map|modules|config_sentence_transformers|sentence_(bert|roberta|distilbert|camembert|albert|xlm-roberta|xlnet)_config)\.json$/;

const weights = 'model.safetensors';
const index = `${weights}.index.json`;

export interface Wanted {
  /** Files to read first, because they name the others. */
  readonly first: readonly HubFile[];
  /** All files, given the texts of the first ones by path. */
  readonly all: (texts: ReadonlyMap<string, string>) => readonly HubFile[];
}

export function wantedFiles(repository: string, files: ReadonlyMap<string, HubFile>): Wanted {
  const first = [files.get('modules.json')].filter((file) => file !== undefined);
  if (!files.has(weights)) first.push(...[...files.values()].filter(({ path }) => path.endsWith(index)));
  return {
    first,
    all(texts) {
      const folders = ['', ...moduleFolders(texts.get('modules.json'))];
      const wanted = new Set(folders.flatMap((folder) => filesOfFolder(folder, files, texts)));
      check(repository, folders, wanted);
      return [...wanted].map((path) => files.get(path)!);
    },
  };
}

function moduleFolders(text: string | undefined): string[] {
  const items: unknown = text === undefined ? [] : parsed(text);
  if (!Array.isArray(items)) return [];
  const paths = items.map((item: { path?: unknown } | null) => item?.path);
  return paths.filter((path) => typeof path === 'string').map((path) => (path === '' ? '' : `${path}/`));
}

/** Paths of one folder ('' or ending in a slash): its settings and its weights, in one file or in pieces. */
function filesOfFolder(folder: string, files: ReadonlyMap<string, HubFile>, texts: ReadonlyMap<string, string>) {
  const own = [...files.keys()].filter((path) => path.startsWith(folder) && settings.test(path.slice(folder.length)));
  if (files.has(folder + weights)) return [...own, folder + weights];
  const text = texts.get(folder + index);
  if (text === undefined) return own;
  const { weight_map: map } = (parsed(text) ?? {}) as { weight_map?: Record<string, unknown> };
  const pieces = [...new Set(Object.values(map ?? {}))].map((name) => `${folder}${name}`);
  return [...own, folder + index, ...pieces.filter((path) => files.has(path))];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function check(repository: string, folders: readonly string[], wanted: ReadonlySet<string>): void {
  const has = (test: (path: string) => boolean): boolean => [...wanted].some(test);
  const convert = 'Take a revision that has it (some models have one under refs/pr/...), or another model.';
  if (!folders.some((folder) => wanted.has(`${folder}config.json`))) {
    throw incomplete(repository, 'config.json', 'Name the repository of an encoder model.');
  }
  if (!has((path) => path.endsWith('tokenizer.json'))) throw incomplete(repository, 'tokenizer.json', convert);
  if (!has((path) => path.endsWith('.safetensors'))) throw incomplete(repository, 'weights as safetensors', convert);
}
