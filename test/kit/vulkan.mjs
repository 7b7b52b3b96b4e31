/** The environment in which Dawn finds Vulkan on a machine where perhaps only a driver is installed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasGraphicsApi } from '../../dist/src/device/webgpu/vulkan-loader.js';

/** Where loaders look by themselves for descriptions of drivers (ICD files). */
const usualFolders = ['/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/usr/share/vulkan/icd.d'];
/** Where containers of GPU makers have them, too. */
const furtherFolders = ['/usr/local/nvidia/share/vulkan/icd.d', '/usr/local/etc/vulkan/icd.d'];

/**
 * `environment` is for child processes: the loader is read at their start. The kit's own loader is used where the
 * system has none. Drivers that a loader would not find are named together with the others, by the old name of the
 * variable too, which is all that older loaders know. Whoever sets VK_DRIVER_FILES has chosen the drivers.
 */
export function findVulkan(kit, environment) {
  const loader = hasGraphicsApi() ? "the system's" : "the kit's";
  const libraries = [join(kit, 'lib'), environment.LD_LIBRARY_PATH].filter(Boolean).join(':');
  const chosen = environment.VK_DRIVER_FILES || environment.VK_ICD_FILENAMES;
  const further = furtherFolders.flatMap(driversIn);
  const drivers = chosen ? chosen.split(':') : [...further, ...usualFolders.flatMap(driversIn)];
  const named = drivers.join(':');
  return {
    loader,
    drivers,
    environment: {
      ...environment,
      ...(chosen || further.length === 0 ? {} : { VK_DRIVER_FILES: named, VK_ICD_FILENAMES: named }),
      ...(loader === "the system's" ? {} : { LD_LIBRARY_PATH: libraries }),
    },
  };
}

function driversIn(folder) {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
}
