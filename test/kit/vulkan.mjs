/** The environment in which Dawn finds Vulkan on a machine where perhaps only a driver is installed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasGraphicsApi } from '../../dist/src/device/webgpu/vulkan-loader.js';

/** Where distributions and the containers of GPU makers put the description of a driver (an ICD file). */
const driverFolders = [
  ...['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'],
  ...['/usr/local/etc/vulkan/icd.d', '/usr/local/nvidia/share/vulkan/icd.d'],
];

/**
 * `environment` is for child processes: the loader is read at their start. The kit's own loader is used where the
 * system has none, and every driver found is named, by the old name of the variable too, which is all that older
 * loaders know. Whoever sets VK_DRIVER_FILES has chosen the drivers.
 */
export function findVulkan(kit, environment) {
  const loader = hasGraphicsApi() ? "the system's" : "the kit's";
  const chosen = environment.VK_DRIVER_FILES || environment.VK_ICD_FILENAMES;
  const drivers = chosen ? chosen.split(':') : driverFolders.filter(existsSync).flatMap(driversIn);
  const named = drivers.join(':');
  const libraries = [join(kit, 'lib'), environment.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return {
    loader,
    drivers,
    environment: {
      ...environment,
      ...(named === '' ? {} : { VK_DRIVER_FILES: named, VK_ICD_FILENAMES: named }),
      ...(loader === "the system's" ? {} : { LD_LIBRARY_PATH: libraries }),
    },
  };
}

const driversIn = (folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name));
