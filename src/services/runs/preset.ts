/** What a run takes from its preset, where its request does not say. */
import { rowOf } from '../../catalog-parameters.ts';
import type { Task } from '../../data/types.ts';
import { badInput } from '../../errors.ts';
import { type PresetEntry, type PresetName, presetCatalog } from '../../train/presets/catalog.ts';

/** The settings of a preset for data of these tasks. Throws a BAD_USER_INPUT where it is not made for so many. */
export function presetSettings(name: PresetName, tasks: ReadonlySet<Task>): PresetEntry['settings'] {
  const field = 'input.settings.preset';
  const entry: PresetEntry = rowOf(presetCatalog, name, field);
  const { settings } = entry;
  if (tasks.size > entry.tasks) {
    throw badInput(`The preset ${name} is for data of one task, the run has data of ${[...tasks].join(' and ')}`, {
      field,
      expected: 'data sets of one task',
      remedy: 'Leave out the data sets of one task, or name another preset.',
    });
  }
  const keeps = (task: Task): boolean => entry.tasks > 1 || tasks.has(task);
  const { ir, sts } = settings.losses;
  return { ...settings, losses: { ir: keeps('ir') ? ir : [], sts: keeps('sts') ? sts : [] } };
}
