/** The import table of docs/architecture.md, enforced. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  findCycle,
  type Module,
  mutualFolders,
  parseModule,
  readModules,
  root,
  runtimeImports,
  withoutComments,
} from './import-graph.ts';

/** What reads and shows plans of fusions, as data. */
const plans = ['fusion/plan/inputs', 'fusion/plan/read-plan', 'fusion/plan/text'];

/** What a layer may import, besides itself and what every layer may import. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  main: ['http', 'graphql', 'openai', 'services', 'db', 'jobs', 'storage', 'observe'],
  cli: ['client', 'main'],
  client: [],
  adapters: ['client/index'],
  http: ['graphql', 'openai', 'services', 'live/turn'],
  graphql: ['services', 'db'],
  openai: ['services', 'db'],
  services: [
    ...['db', 'live', 'jobs', 'storage', 'retention', 'data', 'evaluation', 'random'],
    ...[...plans, 'fusion/search/places', 'train/terms'],
  ],
  jobs: ['db', 'live', 'storage', 'retention', 'workers/protocol', 'workers/runtime', ...plans, 'train/terms'],
  workers: [
    ...['train', 'serve', 'fusion', 'evaluation', 'authoring', 'tokens', 'data'],
    ...['tokenizer', 'formats', 'hub', 'device', 'storage', 'observe'],
  ],
  observe: [],
  train: ['nn', 'model', 'data', 'tokens', 'tokenizer', 'formats', 'storage'],
  serve: ['nn', 'model', 'data', 'tokens', 'tokenizer', 'formats', 'storage', 'evaluation'],
  authoring: ['model', 'random', 'tokens', 'formats', 'tokenizer', 'data', 'storage'],
  tokens: ['model', 'formats', 'tokenizer', 'data', 'storage'],
  tokenizer: ['model', 'storage'],
  formats: ['model', 'storage'],
  hub: ['storage'],
  data: ['random', 'storage'],
  evaluation: ['data', 'random', 'storage', 'tokenizer/unspaced'],
  fusion: ['model', 'random', 'formats', 'storage'],
  nn: ['kernels', 'model'],
  kernels: ['device'],
  device: [],
  wgsl: ['device/shader-source', 'device/wasm/command-layout', 'device/wasm/kernel-note'],
  storage: [],
  live: [],
  retention: ['db', 'storage'],
  db: ['train/stored-settings'],
  model: [],
  random: [],
  build: ['graphql/print-schema', 'graphql/print-catalogs', 'db/format', 'wgsl', 'kernels', 'device'],
};

/** Packages that only the named layers may load. */
const packageOwners: Readonly<Record<string, readonly string[]>> = {
  webgpu: ['device'],
  pg: ['db'],
  'drizzle-orm': ['db', 'retention', 'jobs', 'services', 'graphql'],
  'graphql-yoga': ['http', 'graphql'],
  'graphql-ws': ['http'],
  ws: ['http'],
  '@pothos/core': ['graphql'],
  '@anush008/tokenizers': ['tokenizer'],
  '@huggingface/hub': ['hub'],
  commander: ['cli'],
  '@opentelemetry/api': ['observe'],
  '@opentelemetry/sdk-trace-node': ['observe'],
  '@opentelemetry/exporter-trace-otlp-proto': ['observe'],
  '@opentelemetry/resources': ['observe'],
};

const common = new Set(
  [
    ...[
      'config',
      'environment',
      'environment/access',
      'limits',
      'server-proof',
      'disk-full',
      'errors',
      'log',
      'log-line',
    ],
    ...['within', 'days', 'assets', 'tar', 'catalog', 'catalog-parameters'],
    ...['observe/registry', 'observe/metrics', 'observe/tracing'],
  ].map((name) => `src/${name}.ts`),
);

const isCommon = (path: string): boolean => common.has(path) || path.endsWith('/catalog.ts');

/**
 * Contracts that every layer but the client may read: the common modules, catalogs (choices as data), and those files
 * named types.ts that import nothing but such files. Any other types.ts belongs to its layer alone.
 */
function contractsOf(modules: readonly Module[]): ReadonlySet<string> {
  const contracts = new Set(
    modules.map(({ path }) => path).filter((path) => isCommon(path) || path.endsWith('/types.ts')),
  );
  for (let size = -1; size !== contracts.size; ) {
    size = contracts.size;
    for (const { path, imports } of modules) {
      if (!isCommon(path) && imports.some((target) => !contracts.has(target))) contracts.delete(path);
    }
  }
  return contracts;
}

const contracts = contractsOf(readModules());

function layerOf(path: string): string {
  const [top, second] = path.split('/');
  if (top === 'workers') return 'workers';
  return second.endsWith('.ts') ? second.slice(0, -3) : second;
}

function breaches(modules: readonly Module[]): string[] {
  return modules.flatMap((module) => [...importBreaches(module), ...packageBreaches(module)]);
}

function importBreaches({ path, imports }: Module): string[] {
  const layer = layerOf(path);
  if (isCommon(path)) return imports.filter((target) => !contracts.has(target)).map((target) => `${path} -> ${target}`);
  const mayImport = (target: string): boolean =>
    layerOf(target) === layer ||
    (!['client', 'adapters'].includes(layer) && contracts.has(target)) ||
    (allowed[layer] ?? []).some((entry) => entry === layerOf(target) || target.replace(/^src\//, '') === `${entry}.ts`);
  return imports.filter((target) => !mayImport(target)).map((target) => `${path} -> ${target}`);
}

function packageBreaches({ path, packages }: Module): string[] {
  return packages
    .filter((name) => packageOwners[name] !== undefined && !packageOwners[name].includes(layerOf(path)))
    .map((name) => `${path} -> ${name}`);
}

describe('import boundaries', () => {
  const modules = readModules();

  it('reads the whole tree', () => {
    expect(modules.length).toBeGreaterThan(100);
    expect(new Set(modules.map((module) => layerOf(module.path))).size).toBeGreaterThanOrEqual(
      Object.keys(allowed).length,
    );
  });

  it('resolves every import to a file', () => {
    const missing = modules.flatMap((module) => module.imports.filter((target) => !existsSync(join(root, target))));
    expect(missing).toEqual([]);
  });

  it('follows the table', () => {
    expect(breaches(modules)).toEqual([]);
  });

  it('has no cycle', () => {
    expect(findCycle(modules)).toBeUndefined();
  });

  it('finds planted breaches', () => {
    const planted = [
      parseModule(
        'src/services/planted.ts',
        "import { openGpu } from '../device/webgpu/open.ts';\nimport type { A } from '../jobs/jobs.ts';",
      ),
      parseModule('src/nn/planted.ts', "export * from '../train/loop.ts';"),
      parseModule('src/http/planted.ts', "const dawn = await import('webgpu');"),
      parseModule('src/db/planted.ts', "import '../build/codegen.mjs';"),
      parseModule('src/client/planted.ts', "import {\n  a,\n  b,\n} from '../errors.ts';"),
    ];
    expect(breaches(planted)).toEqual([
      'src/services/planted.ts -> src/device/webgpu/open.ts',
      'src/nn/planted.ts -> src/train/loop.ts',
      'src/http/planted.ts -> webgpu',
      'src/db/planted.ts -> src/build/codegen.mjs',
      'src/client/planted.ts -> src/errors.ts',
    ]);
  });

  it('finds a planted cycle', () => {
    const planted = [
      parseModule('src/db/a.ts', "import './b.ts';"),
      parseModule('src/db/b.ts', "import { x } from './a.ts';"),
    ];
    expect(findCycle(planted)).toEqual(['src/db/a.ts', 'src/db/b.ts', 'src/db/a.ts']);
  });

  it('goes one way between two folders', () => {
    expect(mutualFolders(modules, layerOf)).toEqual([]);
  });

  it('finds a planted pair of folders that import each other', () => {
    const planted = [
      parseModule('src/data/planted.ts', "import type { A } from '../formats/a.ts';"),
      parseModule('src/formats/planted.ts', "import { b } from '../data/b.ts';\nimport '../model/c.ts';"),
    ];
    expect(mutualFolders(planted, layerOf)).toEqual(['data <-> formats']);
  });
});

/** Imports of a catalog that run, other than of catalogs: what they compute is not data. */
const catalogImports = (path: string, text: string): string[] =>
  runtimeImports(path, text)
    .filter((target) => !target.endsWith('/catalog.ts') || target === 'src/catalog.ts')
    .map((target) => `${path} -> ${target}`);

/** Where a value is something else than texts, numbers, truth values, null, and lists and plain objects of them. */
function otherThanData(path: string, value: unknown): string[] {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return [];
  const isPlain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (typeof value !== 'object' || !isPlain) return [path];
  return Object.entries(value).flatMap(([key, item]) => otherThanData(`${path}.${key}`, item));
}

describe('a catalog', () => {
  const catalogs = readModules()
    .map(({ path }) => path)
    .filter((path) => path.endsWith('/catalog.ts') && path !== 'src/catalog.ts');

  it('imports types and other catalogs only', () => {
    expect(catalogs.length).toBeGreaterThanOrEqual(5);
    expect(catalogs.flatMap((path) => catalogImports(path, readFileSync(join(root, path), 'utf8')))).toEqual([]);
  });

  it('exports data only', async () => {
    const found = await Promise.all(
      catalogs.map(async (path) => otherThanData(path, { ...((await import(join(root, path))) as object) })),
    );
    expect(found.flat()).toEqual([]);
  });

  it('is found to hold more by planted breaches', () => {
    const text = "import type { A } from './a.ts';\nimport { b } from './b.ts';\nimport { c } from '../d/catalog.ts';";
    expect(catalogImports('src/nn/catalog.ts', text)).toEqual(['src/nn/catalog.ts -> src/nn/b.ts']);
    const rows = [
      { name: 'a', of: () => 1 },
      { name: 'b', read: new Map(), min: 1, max: null },
    ];
    expect(otherThanData('planted', { rows })).toEqual(['planted.rows.0.of', 'planted.rows.1.read']);
  });
});

/** Files that tell people whether a device is a software adapter; how to treat a device is in its traits. */
const softwareReaders = new Set([
  'src/cli/commands/quickstart.ts',
  'src/cli/quickstart/report.ts',
  'src/device/webgpu/adapter.ts',
  'src/main.ts',
  'src/services/system/system.ts',
]);

/** What a file says about the device that it must not know. */
function deviceBreaches(path: string, text: string): string[] {
  const code = withoutComments(text);
  const types = path.startsWith('src/device/webgpu/') ? [] : (code.match(/\bGPU[A-Z]\w*/g) ?? []);
  const reads = softwareReaders.has(path) ? [] : (code.match(/\.software\b|[{,]\s*software\s*[,}]/g) ?? []);
  return [...types, ...reads].map((found) => `${path}: ${found.replaceAll(/\s+/g, ' ')}`);
}

describe('device boundaries', () => {
  it('keep the types of WebGPU in their folder, and the word for people out of decisions', () => {
    const found = readModules().flatMap(({ path }) => deviceBreaches(path, readFileSync(join(root, path), 'utf8')));
    expect(found).toEqual([]);
  });

  it('finds planted breaches', () => {
    expect(deviceBreaches('src/nn/planted.ts', '// GPUBuffer\nlet a: GPUBuffer; // .software')).toEqual([
      'src/nn/planted.ts: GPUBuffer',
    ]);
    expect(deviceBreaches('src/device/types.ts', 'type A = GPUFeatureName;')).toHaveLength(1);
    expect(deviceBreaches('src/device/webgpu/planted.ts', 'let a: GPUBuffer;')).toEqual([]);
    expect(deviceBreaches('src/train/planted.ts', 'if (gpu.adapter.software) wait();')).toEqual([
      'src/train/planted.ts: .software',
    ]);
    expect(deviceBreaches('src/train/planted.ts', 'const { software, name } = gpu.adapter;')).toHaveLength(1);
    expect(deviceBreaches('src/main.ts', 'if (adapter.software) warn();')).toEqual([]);
  });

  it('names only files that still read it', () => {
    const reading = [...softwareReaders].filter((path) => /\bsoftware\b/.test(readFileSync(join(root, path), 'utf8')));
    expect(reading).toEqual([...softwareReaders]);
  });
});
