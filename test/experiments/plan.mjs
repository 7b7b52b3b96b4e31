/** What is compared: every configuration on the same model and data, by the settings of the quickstart. */
import { runSettings } from '../../dist/src/cli/quickstart/settings.js';

/** Dimensions at which the Matryoshka model is trained: full, half and quarter width. */
export const widths = [64, 32, 16];

/**
 * A configuration: the runs that are made one after the other, each on data of these tasks, with settings that go over
 * those of the quickstart.
 */
const one = (tasks, settings) => [{ tasks, settings }];
const both = ['IR', 'STS'];
const single = { preset: 'SINGLE_TASK' };

export const configurations = {
  'IR only': one(['IR'], single),
  'STS only': one(['STS'], single),
  'IR, then STS': [...one(['IR'], single), ...one(['STS'], single)],
  'STS, then IR': [...one(['STS'], single), ...one(['IR'], single)],
  'joint, codiemb': one(both, { preset: 'CODIEMB' }),
  'joint, infonce-joint': one(both, { preset: 'INFONCE_JOINT' }),
  'joint, cosent-joint': one(both, { preset: 'COSENT_JOINT' }),
  'mixed, codiemb': one(both, { preset: 'CODIEMB', sampler: 'MIXED' }),
  'single, codiemb': one(both, { preset: 'CODIEMB', sampler: 'SINGLE' }),
  'Matryoshka, codiemb': one(both, { preset: 'CODIEMB', matryoshka: widths.map((dimension) => ({ dimension })) }),
};

/** Those that are evaluated at each of the widths too. */
export const atWidths = ['joint, codiemb', 'Matryoshka, codiemb'];

export const settingsOf = (seed, settings) => ({ ...runSettings(seed), ...settings });
