/** What goes into the kit: folders of this tree, and of node_modules the packages that its programs import. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Copied whole, less `skippedFiles`: what tests and benches import, and what they read by a path. */
const paths = [
  ...['package.json', 'LICENSE', 'vitest.config.ts', 'tsconfig.json'],
  ...['dist', 'shaders', 'src', 'workers'],
  ...['bench', 'device', 'formats', 'kernels', 'kit', 'nn', 'reference'].map((name) => `test/${name}`),
  ...['device', 'families', 'losses.json', 'pipelines', 'settings', 'wgsl'].map((name) => `test/fixtures/${name}`),
];

/** Programs that start there. What they import tells which packages are needed. */
const entries = [
  ...['test/kit/run.mjs', 'test/kit/probe.mjs', 'test/kit/reporter.mjs', 'test/setup.ts', 'vitest.config.ts'],
  ...['dist/workers/device.js', 'dist/src/device/wasm/compute-thread.js'],
];
const entryFolders = ['test/device', 'test/kernels', 'test/nn'];
/** Started, not imported. */
const started = ['vitest'];

/** What only people and editors read, the build scripts, and what a database begins with. */
const skippedFiles = /\.d\.[mc]?ts$|^dist\/src\/db\/template-|^src\/build\//;
/** The texts of licences stay. */
const skippedOfPackages = /\.[mc]?ts$|\.map$|(^|\/)(?!licen[cs]e)[^/]*\.(md|markdown)$/i;

/** Every file of the kit that is taken from the tree, as paths from the root; `benches` are scripts it starts. */
export function kitFiles(benches) {
  const loose = readdirSync(join(root, 'test')).filter((name) => /\.(ts|mjs)$/.test(name) && !/\.test\.ts$/.test(name));
  const own = [...paths, ...loose.map((name) => `test/${name}`)].flatMap(filesBelow);
  return [...own.filter((path) => !skippedFiles.test(path)), ...packageFolders(benches).flatMap(filesOfPackage)];
}

function filesBelow(path) {
  if (!existsSync(join(root, path))) throw new Error(`${path} is missing: run \`npm ci && npm run build\` first`);
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .map((name) => `${path}/${name}`)
    .filter((name) => !name.slice(path.length).includes('/node_modules/') && statSync(join(root, name)).isFile());
}

function filesOfPackage(folder) {
  return filesBelow(folder).filter((path) => {
    const inside = path.slice(folder.length + 1);
    return !skippedOfPackages.test(inside) && !isForeign(basename(folder), inside);
  });
}

/** Dawn for other systems, and a second copy of esbuild's program: the package of this system has the first. */
function isForeign(name, path) {
  if (name === 'esbuild') return path === 'bin/esbuild';
  return name === 'webgpu' && /^dist\/./.test(path) && !path.startsWith(`dist/${process.platform}-${process.arch}/`);
}

/** Folders of the packages that the programs import, and of all that these depend on. */
function packageFolders(benches) {
  const scripts = entryFolders.flatMap(filesBelow).filter((path) => /\.(ts|mjs)$/.test(path));
  const found = new Set();
  const visit = (name, from, optional) => {
    const folder = installed(name, from);
    if (folder === undefined && !optional)
      throw new Error(`the package ${name} is not installed: run \`npm ci\` first`);
    if (folder === undefined || found.has(folder)) return;
    found.add(folder);
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const isOptional = manifest.optionalDependencies ?? {};
    for (const other of Object.keys({ ...manifest.dependencies, ...isOptional }))
      visit(other, folder, other in isOptional);
  };
  const names = importedPackages([...entries, ...benches, ...scripts]);
  for (const name of [...started, ...names]) visit(name, '', false);
  return [...found].sort();
}

/** As Node finds a package: in node_modules of `from` or of a folder above it. Path from the root. */
function installed(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(root, candidate, 'package.json'))) return candidate;
    if (folder === '' || folder === '.') return undefined;
  }
}

/** Packages that these modules and all of ours that they import name, types aside. */
function importedPackages(modules) {
  const packages = new Set();
  const seen = new Set();
  const waiting = [...modules];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path) || !/\.(ts|mjs|js)$/.test(path)) continue;
    seen.add(path);
    for (const name of importsOf(path)) {
      if (name.startsWith('.')) waiting.push(join(dirname(path), name));
      else if (!name.startsWith('node:')) packages.add(name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  return packages;
}

function importsOf(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const { staticImports, staticExports, dynamicImports } = parseSync(path, text).module;
  const isValue = ({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType);
  const literals = dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start, end));
  return [
    ...staticImports.filter(isValue).map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports
      .filter(isValue)
      .flatMap(({ entries }) => entries.flatMap((each) => each.moduleRequest?.value ?? [])),
    ...literals.filter((literal) => /^['"][^'"]+['"]$/.test(literal)).map((literal) => literal.slice(1, -1)),
  ];
}
