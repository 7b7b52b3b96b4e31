/**
 * Makes a software Vulkan driver visible to this process, for tests and benchmarks that want a second opinion from
 * Dawn: the SwiftShader inside npm's `@sparticuz/chromium` (Linux x64), beside whatever drivers the system has. Call it
 * once in the main thread, before any worker starts: drivers are found through the process's environment, and a
 * worker's process.env is only a copy. Elsewhere, and where the package is not installed, it does nothing.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { readTar } from '../dist/src/tar.js';

const driverFile = 'vk_swiftshader_icd.json';
const loader = 'libvulkan.so.1';
const wanted = new Set(['libvk_swiftshader.so', loader, driverFile]);
/** glibc on Linux: keep a library loaded although its handle is closed. Node does not export it. */
const RTLD_NODELETE = 0x1000;

export function prepareVulkan() {
  const folder = softwareDriver();
  if (folder === undefined) return;
  if (!loadLibrary(loader) && !loadLibrary(join(folder, loader)))
    throw new Error(`${folder}/${loader} cannot be loaded`);
  // A developer who sets VK_DRIVER_FILES (or its old name) has chosen the only drivers to be seen.
  if (process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES) return;
  const path = join(folder, driverFile);
  const others = (process.env.VK_ADD_DRIVER_FILES ?? '').split(':').filter((other) => other !== '' && other !== path);
  process.env.VK_ADD_DRIVER_FILES = [...others, path].join(':');
}

/** Folder of the driver, with a Vulkan loader beside it; undefined where there is none. */
export function softwareDriver() {
  const archive = process.platform === 'linux' && process.arch === 'x64' ? findArchive() : undefined;
  return archive && unpackDriver(archive);
}

/**
 * Loads a shared library into the process and keeps it there, so that Dawn's own dlopen by name finds it.
 * process.dlopen wants a Node addon: it throws "did not self-register" after the library has been loaded.
 */
function loadLibrary(path) {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
    return true;
  } catch (error) {
    return error.message.includes('did not self-register');
  }
}

/** Unpacks the driver once per content, into a private folder; returns the folder. */
function unpackDriver(file) {
  const packed = readFileSync(file);
  const parent = join(homedir(), '.cache', 'tandem', 'vulkan');
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const folder = join(parent, createHash('sha256').update(packed).digest('hex').slice(0, 32));
  if (existsSync(join(folder, driverFile))) return folder;
  const staging = mkdtempSync(join(parent, 'unpack-'));
  try {
    for (const { name, content } of readTar(brotliDecompressSync(packed))) {
      if (content && wanted.has(name)) writeFileSync(join(staging, name), content, { mode: 0o600 });
    }
    renameSync(staging, folder);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    // Another process may have published the same content in the meantime.
    if (!existsSync(join(folder, driverFile))) throw error;
  }
  return folder;
}

/** The package hides bin/ behind its `exports`: resolve its entry and walk up to the folder that has the archive. */
function findArchive() {
  let folder;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  } catch (error) {
    // The kit for machines with a GPU goes without it.
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
  for (;;) {
    const archive = join(folder, 'bin', 'swiftshader.tar.br');
    if (existsSync(archive)) return archive;
    if (dirname(folder) === folder) throw new Error('@sparticuz/chromium has no bin/swiftshader.tar.br');
    folder = dirname(folder);
  }
}
