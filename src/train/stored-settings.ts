/**
 * Settings of runs that were stored before some settings existed. Rows are completed where they are read; digests leave
 * out what such a run would not have, so that they are equal before and after.
 */
import type { LossTerm } from '../nn/losses/catalog.ts';
import { laterOptimizerSettings, laterParameters, laterSettings, type RunSettings } from './catalog.ts';

/** The settings of a stored run as of today. */
export function completeSettings(stored: RunSettings): RunSettings {
  const { ir, sts } = stored.losses;
  const losses = { ...stored.losses, ir: completeTerms(ir), sts: completeTerms(sts) };
  return { ...laterSettings, ...stored, losses, optimizer: { ...laterOptimizerSettings, ...stored.optimizer } };
}

/** Loss terms of a stored run as of today. */
export const completeTerms = (stored: readonly LossTerm[]): readonly LossTerm[] =>
  stored.map((term) => ({ ...term, parameters: { ...laterParameters[term.loss], ...term.parameters } }));

/** The settings without what a run stored before them would not have: for digests, equal before and after. */
export function reduceSettings(settings: RunSettings): RunSettings {
  const { ir, sts } = settings.losses;
  const losses = { ...settings.losses, ir: reduceTerms(ir), sts: reduceTerms(sts) };
  const optimizer = without(settings.optimizer, laterOptimizerSettings);
  return without({ ...settings, losses, optimizer }, laterSettings);
}

/** Loss terms likewise. */
export const reduceTerms = (terms: readonly LossTerm[]): readonly LossTerm[] =>
  terms.map((term) => ({ ...term, parameters: without(term.parameters, laterParameters[term.loss] ?? {}) }));

/** Leaves out what has the value that `neutral` names. */
function without<Values extends object>(values: Values, neutral: object): Values {
  const known = new Map(Object.entries(neutral));
  const differs = ([name, value]: [string, unknown]): boolean =>
    !known.has(name) || JSON.stringify(value) !== JSON.stringify(known.get(name));
  return Object.fromEntries(Object.entries(values).filter(differs)) as Values;
}
