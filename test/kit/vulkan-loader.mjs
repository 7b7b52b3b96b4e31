/**
 * The Vulkan loader that the kit carries, with its licence: that of Debian's or Ubuntu's package libvulkan1, else the
 * one that is installed here.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

const library = 'libvulkan.so.1';

/** Puts the loader and its licence into `folder`; returns where they come from. `scratch` is removed by the caller. */
export function takeVulkanLoader(folder, scratch) {
  const found = fromPackage(mkdtempSync(join(scratch, 'libvulkan1-'))) ?? fromSystem();
  if (found === undefined) {
    throw new Error(
      'no Vulkan loader was found for the kit: `apt-get download libvulkan1` gives none and none is installed. ' +
        'Install libvulkan1 (vulkan-loader elsewhere), or pack where apt-get reaches its mirror.',
    );
  }
  mkdirSync(folder, { recursive: true });
  cpSync(realpathSync(found.library), join(folder, library));
  cpSync(realpathSync(found.licence), join(folder, 'libvulkan1.copyright'));
  return found.from;
}

function fromPackage(folder) {
  if (!download(folder) && !download(folder, privateLists(folder))) return undefined;
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
  run('dpkg-deb', ['-x', join(folder, archive), join(folder, 'unpacked')]);
  return found(join(folder, 'unpacked'), archive);
}

/** Whether apt-get gave the package, whose archive then lies in `folder`. */
function download(folder, options = []) {
  try {
    run('apt-get', [...options, 'download', 'libvulkan1'], folder);
    return true;
  } catch {
    return false;
  }
}

/** Options by which apt-get keeps lists of packages of our own: a container often has none, and changes need root. */
function privateLists(folder) {
  mkdirSync(join(folder, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const options = ['-o', `Dir::State::Lists=${join(folder, 'lists')}`, '-o', `Dir::Cache=${join(folder, 'cache')}`];
  try {
    run('apt-get', [...options, 'update'], folder);
  } catch {
    // The download that follows says whether it matters.
  }
  return options;
}

function fromSystem() {
  return found('/', 'the system that packed it');
}

/** The loader below a root folder, if its licence is there too. */
function found(root, from) {
  const folders = [`usr/lib/${triplets[process.arch]}`, 'usr/lib64', 'usr/lib', 'usr/local/lib'];
  const path = folders.map((name) => join(root, name, library)).find(existsSync);
  const licences = ['usr/share/doc/libvulkan1/copyright', 'usr/share/licenses/vulkan-loader/LICENSE.txt'];
  const licence = licences.map((name) => join(root, name)).find(existsSync);
  return path === undefined || licence === undefined ? undefined : { library: path, licence, from };
}

const triplets = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const run = (command, args, cwd) => execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'ignore'] });
