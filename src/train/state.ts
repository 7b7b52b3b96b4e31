/**
 * What a run needs besides the weights to continue to the same bits as an uninterrupted one: AdamW's moments, the place
 * in the sampler's order, and what the run was started with. Random numbers have no state: they are keyed by (seed,
 * step). A folder in storage of kind `states`: state.json and, after the first update, moments.safetensors.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dependencyVersion, packageVersion } from '../assets.ts';
import type { AdapterReport, DeviceTraits, KernelForm } from '../device/types.ts';
import { badInput, conflict } from '../errors.ts';
import { createSafetensors, openSafetensors } from '../formats/safetensors.ts';
import { isObject } from '../model/json-fields.ts';
import type { Parameters } from '../nn/parameter-store.ts';
import { damagedFile, parseStored } from '../storage/damaged-file.ts';
import { readOwn } from '../storage/own-files.ts';
import { publishStaged, type Storage } from '../storage/storage.ts';
import { tokenContent } from '../tokens/tokenize-dataset.ts';
import type { RunSettings } from './catalog.ts';
import type { DevState } from './dev.ts';
import { stateOfOthers } from './parameter-groups.ts';
import { reduceSettings, reduceTerms } from './stored-settings.ts';
import type { TrainDataset } from './types.ts';

const format = 1;
const momentKinds = ['m', 'v'] as const;

/** Position in a run: the number of updates made, and the next batch, `batch` of `epoch` (both from 0). */
export interface RunPosition {
  readonly step: number;
  readonly epoch: number;
  readonly batch: number;
}

export type AdapterIdentity = Pick<AdapterReport, 'name' | 'driver' | 'backend'>;

/** state.json */
export interface RunState {
  readonly format: number;
  readonly position: RunPosition;
  /** Digest of the weights' model folder. */
  readonly model: string;
  /** sha256 (hex) of the settings. */
  readonly settings: string;
  readonly datasets: readonly TrainDataset[];
  /** Digest of the teacher's model folder; absent in the states of a run without. */
  readonly teacher?: string;
  /** Updates that the moments had seen when the run began; absent = 0, so that equal states keep their digest. */
  readonly updatesBefore?: number;
  /** Evaluation on dev sets so far; absent in the states of a run without. */
  readonly dev?: DevState;
  readonly adapter: AdapterIdentity;
  /** What computed it; absent in states from before it was recorded. */
  readonly versions?: ComputeVersions;
  /** How its work was cut; absent = as its form was always cut up to now, so that equal states keep their digest. */
  readonly pacing?: Pacing;
}

/** The traits of a device that set the order of sums. */
interface Pacing {
  readonly form: KernelForm;
  /** Floating-point operations; null = no bound. */
  readonly piece: number | null;
}

const pacingOf = ({ form, piece }: DeviceTraits): Pacing => ({
  form,
  piece: Number.isFinite(piece) ? piece : null,
});

/** Pieces that are not recorded, because version 0.2.0 had these and did not record them. */
const unrecordedPiece: Readonly<Record<KernelForm, number | null>> = { workgroup: null, row: 8e9 };

/** The part of a state that says how work was cut; empty where that goes without recording. */
export function recordedPacing(traits: DeviceTraits): Pick<RunState, 'pacing'> {
  const pacing = pacingOf(traits);
  return pacing.piece === unrecordedPiece[pacing.form] ? {} : { pacing };
}

/** Versions that the bits of a step depend on: Tandem's own (its kernels) and, on a GPU, Dawn's binding's. */
export interface ComputeVersions {
  readonly tandem: string;
  /** Null where the package is not installed. */
  readonly webgpu: string | null;
}

export const computeVersions = (): ComputeVersions => ({
  tandem: packageVersion(),
  webgpu: dependencyVersion('webgpu'),
});

export const identityOf = ({ name, driver, backend }: AdapterReport): AdapterIdentity => ({ name, driver, backend });

/** JSON, whatever the order of keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/** sha256 (hex) of settings, whatever the order of their keys. */
export const settingsDigest = (settings: RunSettings): string =>
  createHash('sha256')
    .update(canonical(reduceSettings(settings)))
    .digest('hex');

/** Publishes a state; moments that are still zero (before the first update of all) are not written. */
export async function publishState(
  storage: Storage,
  state: Omit<RunState, 'format'>,
  parameters: Parameters,
): Promise<{ digest: string; bytes: number }> {
  return publishStaged(storage, 'states', async (folder) => {
    await writeFile(join(folder, 'state.json'), `${JSON.stringify({ format, ...state }, null, 2)}\n`);
    if (updatesOf(state) > 0) await writeMoments(join(folder, 'moments.safetensors'), parameters);
  });
}

/** Updates that the moments of a state have seen, those of earlier runs included. */
export const updatesOf = ({ updatesBefore = 0, position }: Pick<RunState, 'updatesBefore' | 'position'>): number =>
  updatesBefore + position.step;

async function writeMoments(path: string, parameters: Parameters): Promise<void> {
  const shapes = momentKinds.flatMap((kind) =>
    parameters.slots(kind).map(({ name, shape }) => ({ name: `${kind}.${name}`, shape })),
  );
  const writer = await createSafetensors(path, shapes);
  try {
    for (const kind of momentKinds) {
      for await (const tensor of parameters.read(kind)) {
        await writer.write({ ...tensor, name: `${kind}.${tensor.name}` });
      }
    }
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Reads state.json; refuses another format, and a damaged file. */
export async function readState(storage: Storage, digest: string): Promise<RunState> {
  const state = await readOwn(storage, 'states', digest, async (folder, files) => {
    const path = join(folder, 'state.json');
    const found: unknown = parseStored('states', path, (await files.read('state.json')).toString('utf8'));
    if (isState(found)) return found;
    throw damagedFile('states', path, 'it is no state of a run');
  });
  if (state.format !== format) {
    throw badInput(`State ${digest} has format ${state.format}`, {
      field: 'resume.state',
      expected: `format ${format}`,
      remedy: 'Resume the run with the version of Tandem that made the state.',
    });
  }
  return state;
}

/** Fills the moments of {@link publishState} in; refuses those of other parameters than are trained now. */
export async function loadMoments(storage: Storage, digest: string, parameters: Parameters): Promise<void> {
  // Not thrown inside, where every refusal is one of a damaged file.
  const other = await readOwn(storage, 'states', digest, async (folder) => {
    const reader = await openSafetensors(join(folder, 'moments.safetensors'));
    try {
      const name = otherName(reader.tensors, parameters);
      if (name !== undefined) return name;
      for (const kind of momentKinds) await parameters.load(reader, kind, `${kind}.`);
      return undefined;
    } finally {
      await reader.close();
    }
  });
  if (other === undefined) return;
  throw stateOfOthers(other);
}

/** A parameter that has moments only there or only here. */
function otherName(found: ReadonlyMap<string, unknown>, parameters: Parameters): string | undefined {
  const trained = new Set(momentKinds.flatMap((kind) => parameters.slots(kind).map(({ name }) => `${kind}.${name}`)));
  const other = [...found.keys()].find((name) => !trained.has(name)) ?? [...trained].find((name) => !found.has(name));
  return other?.slice('m.'.length);
}

/** What a later format keeps may differ: that is said of the format, which is read first. */
function isState(value: unknown): value is RunState {
  if (!isObject(value) || typeof value['format'] !== 'number') return false;
  if (value['format'] !== format) return true;
  const { position, model, settings, datasets, adapter } = value;
  return (
    isObject(position) &&
    ['step', 'epoch', 'batch'].every((name) => Number.isSafeInteger(position[name]) && Number(position[name]) >= 0) &&
    typeof model === 'string' &&
    typeof settings === 'string' &&
    Array.isArray(datasets) &&
    isObject(adapter)
  );
}

/** What is resumed now. */
export interface ResumeRequest {
  readonly model: string;
  readonly settings: RunSettings;
  readonly datasets: readonly TrainDataset[];
  /** Digest of the teacher's model folder; absent = it has none. */
  readonly teacher?: string | undefined;
  /** As `devSetsDigest` gives it; absent or null = the run is not evaluated. */
  readonly devSets?: string | null;
  readonly adapter: AdapterReport;
  readonly traits: DeviceTraits;
  readonly allowDifferentAdapter: boolean;
}

/** The CPU device gives the same bits with any version of Dawn's binding, and without it. */
const isSame = (a: ComputeVersions, b: ComputeVersions, { backend }: AdapterReport): boolean =>
  a.tandem === b.tandem && (a.webgpu === b.webgpu || backend === 'wasm');

/** Refuses to continue with anything that would lead to other bits. */
export function checkResume(state: RunState, now: ResumeRequest): void {
  const refuse = (what: string, remedy: string): never => {
    throw conflict(`The run cannot be resumed: ${what}`, { field: 'resume', remedy });
  };
  if (state.model !== now.model) refuse('the state belongs to other weights', 'Resume from a checkpoint of this run.');
  if (state.settings !== settingsDigest(now.settings)) {
    refuse('the settings are not those it was started with', 'Start a new run for other settings.');
  }
  const key = (datasets: readonly TrainDataset[]): string =>
    canonical(
      datasets.map(({ name, task, weight, digest, tokens, losses }) => [
        ...[name, task, weight, digest, tokenContent(tokens)],
        losses ? reduceTerms(losses) : null,
      ]),
    );
  if (key(state.datasets) !== key(now.datasets)) {
    refuse('the data sets are not those it was started with', 'Start a new run for other data.');
  }
  if (state.teacher !== now.teacher) {
    refuse('the teacher is not the one it was started with', 'Start a new run for another teacher.');
  }
  if ((state.dev?.sets ?? null) !== (now.devSets ?? null)) {
    refuse('the dev sets are not those it was started with', 'Start a new run for other dev sets.');
  }
  const versions = computeVersions();
  if (state.versions !== undefined && !isSame(state.versions, versions, now.adapter) && !now.allowDifferentAdapter) {
    refuse(
      `it ran with Tandem ${state.versions.tandem} and webgpu ${state.versions.webgpu}, these are ${versions.tandem} and ${versions.webgpu}`,
      'Resume with those versions, or allow a different adapter (allowDifferentAdapter); the bits may differ.',
    );
  }
  const [before, after] = [state.adapter, identityOf(now.adapter)];
  if (JSON.stringify(before) !== JSON.stringify(after) && !now.allowDifferentAdapter) {
    refuse(
      `it ran on ${before.name} (${before.driver}), this is ${after.name} (${after.driver})`,
      'Resume on the same adapter, or allow a different one (allowDifferentAdapter); the bits will differ.',
    );
  }
  const pacing = pacingOf(now.traits);
  const { form, piece } = state.pacing ?? { form: pacing.form, piece: unrecordedPiece[pacing.form] };
  if ((form !== pacing.form || piece !== pacing.piece) && !now.allowDifferentAdapter) {
    const text = (of: Pacing): string => `the ${of.form} form, ${of.piece ?? 'unbounded'} operations at once`;
    refuse(
      `it ran with ${text({ form, piece })}, this device works with ${text(pacing)}`,
      'Resume on a device of the same kind, or allow a different one (allowDifferentAdapter); the bits will differ.',
    );
  }
}
