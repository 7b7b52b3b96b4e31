/** The presets of runs in descriptions of the fields that they set. */
import { enumValueOf } from '../catalog.ts';
import { type PresetEntry, type PresetSettings, presetCatalog } from '../train/presets/catalog.ts';

const presets: readonly PresetEntry[] = presetCatalog;

/** What the presets set a field to: `1 in INFONCE_JOINT, SINGLE_TASK`. `none`: what null is called. */
export function presetValues(field: Exclude<keyof PresetSettings, 'losses'>, none = ''): string {
  const names = new Map<string, string[]>();
  for (const { name, settings } of presets) {
    const value = settings[field];
    if (value === undefined) continue;
    const shown = value === null ? none : typeof value === 'string' ? enumValueOf(value) : String(value);
    names.set(shown, [...(names.get(shown) ?? []), enumValueOf(name)]);
  }
  return [...names].map(([shown, of]) => `${shown} in ${of.join(', ')}`).join('; ');
}
