/**
 * Packs the kit for a machine with a GPU and neither Node nor network: `npm run kit [-- FILE]`. The kit is one shell
 * script that carries an archive: bare containers have sh, tar and gzip, but often neither xz nor Python. Only Node is
 * compressed by gzip; Node then unpacks the rest, which Brotli makes a fifth smaller.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';
import { kitFiles, root } from './contents.mjs';
import { benches } from './plan.mjs';
import { takeVulkanLoader } from './vulkan-loader.mjs';

/** What many places accept as one file. */
const mostBytes = 60e6;

const platform = `${process.platform}-${process.arch}`;
const { version } = readJson('package.json');
const name = `tandem-gpu-kit-${version}-${platform}`;
const target = resolve(process.argv[2] ?? join(root, 'dist-kit', `${name}.sh`));

if (process.platform !== 'linux')
  throw new Error(`the kit can be packed on Linux only, for Linux; this is ${platform}`);
const scratch = mkdtempSync(join(tmpdir(), 'tandem-kit-'));
try {
  const rest = tarOf(fillInner());
  // Node 22 is larger than Node 20; the rest can be made smaller, but in minutes.
  const small = ({ length }) => length < mostBytes;
  const fast = pack(rest, 9);
  const script = small(fast) ? fast : pack(rest, zlib.BROTLI_MAX_QUALITY);
  if (!small(script)) {
    throw new Error(
      `the kit has ${script.length} bytes, less than ${mostBytes} were expected: nothing was written. ` +
        'Pack with Node 20, whose program is smaller, and with `strip` (binutils) on the path.',
    );
  }
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, script, { mode: 0o755 });
  console.log(`${(script.length / 1e6).toFixed(1)} MB: ${target}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** What gzip unpacks is Node, and everything else in one file. */
function pack(rest, quality) {
  const outer = join(scratch, 'outer');
  packNode(join(outer, 'bin'));
  const params = {
    [zlib.BROTLI_PARAM_QUALITY]: quality,
    [zlib.BROTLI_PARAM_LGWIN]: zlib.BROTLI_MAX_WINDOW_BITS,
    [zlib.BROTLI_PARAM_SIZE_HINT]: rest.length,
  };
  writeFileSync(join(outer, 'rest.tar.br'), brotliCompressSync(rest, { params }));
  return selfExtracting(gzipSync(tarOf(outer), { level: 9 }));
}

function fillInner() {
  const inner = join(scratch, 'inner');
  for (const path of kitFiles(benches.map(({ script }) => script))) cpSync(join(root, path), join(inner, path));
  strip('--strip-unneeded', join(inner, 'node_modules/webgpu/dist', platform, 'dawn.node'));
  const loader = takeVulkanLoader(join(inner, 'lib'), scratch);
  cpSync(join(root, 'test/kit/run.sh'), join(inner, 'run.sh'));
  chmodSync(join(inner, 'run.sh'), 0o755);
  const webgpu = readJson('node_modules/webgpu/package.json').version;
  const kit = { version, commit: commitOf(), packedAt: new Date().toISOString(), platform };
  const described = JSON.stringify({ ...kit, node: process.version, webgpu, loader }, undefined, 2);
  writeFileSync(join(inner, 'kit.json'), `${described}\n`);
  return inner;
}

/** Takes symbols away, where binutils are installed: without them the kit only becomes larger. */
function strip(how, file) {
  spawnSync('strip', [how, file], { stdio: 'ignore' });
}

/** The Node that runs this, and its licence where that is installed. */
function packNode(folder) {
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'node');
  cpSync(process.execPath, program, { dereference: true });
  chmodSync(program, 0o755);
  strip('--strip-all', program);
  const near = [join(dirname(process.execPath), '..', 'LICENSE'), '/usr/share/doc/nodejs/LICENSE'];
  const licence = near.find(existsSync);
  if (licence !== undefined) cpSync(licence, join(folder, 'node.LICENSE'));
}

/** The commit of the tree, with a mark where files differ from it; null outside of a repository. */
function commitOf() {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

function tarOf(folder) {
  const owner = ['--owner=0', '--group=0', '--numeric-owner'];
  return execFileSync('tar', ['-cf', '-', '--sort=name', ...owner, '-C', folder, '.'], { maxBuffer: 1 << 30 });
}

/** The script with the archive after its last line. */
function selfExtracting(archive) {
  const template = readFileSync(join(root, 'test/kit/unpack.sh'), 'utf8');
  const fixed = {
    ...{ NAME: name, PLATFORM: platform, LINE: template.split('\n').length },
    DIGEST: createHash('sha256').update(archive).digest('hex'),
  };
  const written = (size) => template.replace(/@([A-Z]+)@/g, (_, key) => ({ ...fixed, SIZE: size })[key]);
  // The size stands in the script: its own digits count.
  const size = archive.length + Buffer.byteLength(written(String(archive.length)));
  return Buffer.concat([Buffer.from(written(String(size))), archive]);
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}
