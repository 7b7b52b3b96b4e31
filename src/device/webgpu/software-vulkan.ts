/**
 * Makes a software Vulkan driver visible to a process that may have no GPU, no driver and no Vulkan loader.
 * Call it once, in the main thread, before any worker starts: drivers are found through the process's environment, and
 * a worker's process.env is only a copy. It loads no Dawn and opens no adapter; `openGpu` does that in the device
 * thread.
 *
 * The driver is the SwiftShader inside npm's optional `@sparticuz/chromium` (Linux x64). It is added beside whatever
 * the system has (VK_ADD_DRIVER_FILES), so hardware stays visible and is chosen first.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { unavailable } from '../../errors.ts';
import { readTar } from '../../tar.ts';

export interface VulkanOptions {
  /** Private folder of the user for unpacked drivers. */
  readonly cacheDir: string;
  /** `software` insists on a software driver: an error if none can be offered. */
  readonly adapter: 'auto' | 'software';
}

/** What was done, for the start-up log. It says nothing about hardware: only opening an adapter can tell. */
export interface VulkanPlan {
  /** Where the Vulkan loader comes from; `none` where the platform does not use Vulkan or none was found. */
  readonly loader: 'system' | 'bundled' | 'none';
  /** The bundled driver's ICD file, if one was added. */
  readonly driverFile: string | undefined;
  /** One sentence for people. */
  readonly note: string;
}

const driverFileName = 'vk_swiftshader_icd.json';
const loaderName = 'libvulkan.so.1';
/** glibc and musl on Linux: keep a library loaded although its handle is closed. Node does not export it. */
const RTLD_NODELETE = 0x1000;

export async function prepareVulkan({ cacheDir, adapter }: VulkanOptions): Promise<VulkanPlan> {
  if (process.platform !== 'linux') {
    return { loader: 'none', driverFile: undefined, note: `${process.platform} has no bundled software adapter` };
  }
  const system = loadLibrary(loaderName);
  const folder = process.arch === 'x64' ? unpackBundledDriver(cacheDir) : undefined;
  if (folder === undefined) {
    if (!system && adapter === 'software') throw noSoftwareAdapter();
    const note = `no bundled software adapter for ${process.platform} ${process.arch} is installed`;
    return { loader: system ? 'system' : 'none', driverFile: undefined, note };
  }
  if (!system) loadBundled(folder);
  const loader = system ? 'system' : 'bundled';
  const chosen = process.env['VK_DRIVER_FILES'] || process.env['VK_ICD_FILENAMES'];
  // A user who sets VK_DRIVER_FILES (or its old name) has chosen the only drivers to be seen.
  if (chosen)
    return { loader, driverFile: undefined, note: `only the Vulkan drivers of VK_DRIVER_FILES are used: ${chosen}` };
  const driverFile = join(folder, driverFileName);
  process.env['VK_ADD_DRIVER_FILES'] = withPath(process.env['VK_ADD_DRIVER_FILES'], driverFile);
  return {
    loader,
    driverFile,
    note: `SwiftShader is there for when no hardware adapter is found (Vulkan loader: ${loader})`,
  };
}

function loadBundled(folder: string): void {
  const path = join(folder, loaderName);
  if (loadLibrary(path)) return;
  throw unavailable('the bundled Vulkan loader cannot be loaded', {
    field: path,
    expected: 'a Linux x64 system with glibc, and a cache folder that is not mounted noexec',
    remedy: softwareRemedy,
  });
}

/** What to do where nothing can run kernels. */
export const softwareRemedy =
  'install a GPU driver, or a software one: on Linux Mesa lavapipe 25 or newer ' +
  '(Debian/Ubuntu: mesa-vulkan-drivers and libvulkan1), ' +
  'or on Linux x64 the npm package @sparticuz/chromium 143 (an optional dependency of tandem)';

const noSoftwareAdapter = () =>
  unavailable(`no software Vulkan driver on ${process.platform} ${process.arch}`, { remedy: softwareRemedy });

const withPath = (list: string | undefined, path: string): string =>
  list === undefined || list === '' ? path : list.split(':').includes(path) ? list : `${list}:${path}`;

/**
 * Loads a shared library into the process and keeps it there, so that Dawn's own dlopen by name finds it.
 * process.dlopen wants a Node addon: it throws "did not self-register" after the library has been loaded.
 */
function loadLibrary(path: string): boolean {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
    return true;
  } catch (error) {
    return error instanceof Error && error.message.includes('did not self-register');
  }
}

/** Unpacks the driver once per content and returns its folder; undefined when the package is not installed. */
function unpackBundledDriver(cacheDir: string): string | undefined {
  const archive = findArchive();
  if (archive === undefined) return undefined;
  const packed = readFileSync(archive);
  const parent = privateFolder(join(cacheDir, 'vulkan'));
  const folder = join(parent, createHash('sha256').update(packed).digest('hex').slice(0, 32));
  if (existsSync(join(folder, driverFileName))) return folder;
  const staging = mkdtempSync(join(parent, 'unpack-'));
  try {
    for (const { name, content } of readTar(brotliDecompressSync(packed))) {
      if (content && wanted.has(name)) writeFileSync(join(staging, name), content, { mode: 0o600 });
    }
    renameSync(staging, folder);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    // Another process may have published the same content in the meantime.
    if (!existsSync(join(folder, driverFileName))) throw error;
  }
  return folder;
}

const wanted = new Set(['libvk_swiftshader.so', loaderName, driverFileName]);

/** The package hides bin/ behind its `exports`: resolve its entry and walk up to the folder that has the archive. */
function findArchive(): string | undefined {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  } catch {
    return undefined;
  }
  for (let parent = dirname(folder); folder !== parent; folder = parent, parent = dirname(folder)) {
    const archive = join(folder, 'bin', 'swiftshader.tar.br');
    if (existsSync(archive)) return archive;
  }
  return undefined;
}

/** Libraries are loaded from here: no other user may be able to write to it. */
function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const state = lstatSync(path);
  if (!state.isDirectory() || (process.getuid !== undefined && state.uid !== process.getuid())) {
    throw unavailable(`the driver cache ${path} is not a folder of this user`, {
      field: 'TANDEM_CACHE',
      expected: 'a folder that only this user can write to',
      remedy: 'set TANDEM_CACHE to a folder of your own',
    });
  }
  if ((state.mode & 0o077) !== 0) chmodSync(path, 0o700);
  return path;
}
