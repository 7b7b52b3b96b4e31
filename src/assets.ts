/**
 * Where the files that are not modules lie: shaders, migrations, thread entry points. The only module that knows paths.
 * It works from the sources (tests) and from dist/ (everything else), because dist/ keeps the tree's layout.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
const fromSources = here.endsWith('.ts');

/** The tree this module runs in: the package's root, or its dist/. */
const treeRoot = join(dirname(here), '..');
const packageRoot = fromSources ? treeRoot : join(treeRoot, '..');
const distRoot = fromSources ? join(treeRoot, 'dist') : treeRoot;

/** The text of a shader, for example `norm/layernorm_forward.wgsl`. */
export const readShader = (path: string): string => readFileSync(join(treeRoot, 'shaders', path), 'utf8');

/** Folder of the generated SQL migrations. */
export const migrationsFolder = (): string => join(treeRoot, 'src', 'db', 'migrations');

const entries = {
  device: 'workers/device.js',
  cpu: 'workers/cpu.js',
  compute: 'src/device/wasm/compute-thread.js',
  database: 'src/db/pglite-thread.js',
  'tokenizer-trial': 'src/tokenizer/trial-process.js',
  'tokenizer-isolated': 'src/tokenizer/isolated-process.js',
  'tokenizer-trial-watch': 'src/tokenizer/trial-watch.js',
};

/** Entry point of a thread or process. Always the compiled one: a .ts worker does not start on Node 20. */
export const workerEntry = (name: keyof typeof entries): string => join(distRoot, entries[name]);

/** A kernel that the build has compiled for the CPU, with one kind of SIMD (src/device/wasm/kernels.ts). */
export const compiledKernel = (simd: string, name: string): string => join(distRoot, 'kernels', simd, `${name}.wasm`);

/** Archive of a new embedded database, made by the build with this version of PGlite. */
export const databaseTemplate = (version: string): string => join(distRoot, 'src', 'db', `template-${version}.tar.gz`);

/** The package's own version. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;

/** The version of a package that this one depends on, as installed; null = an optional one that is not. */
export function dependencyVersion(name: string): string | null {
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
