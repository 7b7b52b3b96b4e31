// Compiles every kernel that runs on a CPU to WebAssembly, twice: with two roundings for a product and a sum, and with
// one where the machine can (relaxed SIMD). What is up to date stays. Run by `npm run build`, after build.mjs.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeWhole } from './write-whole.mjs';

const { shaderSource } = await import('../../dist/src/device/shader-source.js');
const { hashOf, noteOf } = await import('../../dist/src/device/wasm/kernel-note.js');
const { compiledKernel } = await import('../../dist/src/assets.js');
const { allKernels } = await import('../../dist/src/kernels/index.js');

const kernels = [...new Map(allKernels.map((kernel) => [kernel.name, kernel])).values()].filter(
  ({ form }) => form !== 'workgroup',
);
let compile;
for (const simd of ['fixed', 'relaxed']) {
  const names = new Set();
  const folder = dirname(compiledKernel(simd, 'any'));
  mkdirSync(folder, { recursive: true });
  for (const spec of kernels) {
    const file = compiledKernel(simd, spec.name);
    names.add(file.slice(folder.length + 1));
    if (hashIn(file) === hashOf(shaderSource(spec).code)) continue;
    compile ??= (await import('../../dist/src/wgsl/compile.js')).compileKernel;
    writeWhole(file, compile(spec, { relaxed: simd === 'relaxed' }));
  }
  for (const name of readdirSync(folder)) if (!names.has(name)) rmSync(`${folder}/${name}`);
}

/** Undefined where there is no such kernel, or not a whole one. */
function hashIn(file) {
  try {
    return noteOf(new WebAssembly.Module(readFileSync(file)))?.hash;
  } catch {
    return undefined;
  }
}
