/** Reads who imports whom from the sources' text. Used by the boundaries test only. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

export interface Module {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  /** Imported modules of the project, as paths from the root. */
  readonly imports: readonly string[];
  /** Imported packages by bare name (`webgpu`, `@pothos/core`, `node:fs`). */
  readonly packages: readonly string[];
}

const specifier =
  /(?:^|\n)\s*(?:import|export)\s+(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]\s*\)|\brequire\s*\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Modules of one file's text; `path` is where it lies. */
export function parseModule(path: string, text: string): Module {
  const imports: string[] = [];
  const packages: string[] = [];
  for (const match of withoutComments(text).matchAll(specifier)) {
    const target = match[1] ?? match[2] ?? match[3];
    if (target.startsWith('.')) imports.push(sourceOf(posix.normalize(posix.join(posix.dirname(path), target))));
    else packages.push(target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : target.split('/')[0]);
  }
  return { path, imports, packages };
}

/** Scripts of src/build import compiled modules: the source that the module comes from. */
const sourceOf = (path: string): string => path.replace(/^dist\/(.*)\.js$/, '$1.ts');

export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/[^\n]*/g, '$1');

/** Every module of src/ and workers/. */
export function readModules(): Module[] {
  return ['src', 'workers'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|mjs)$/.test(name))
      .map((name) =>
        relative(root, join(root, folder, name))
          .split('\\')
          .join('/'),
      )
      .map((path) => parseModule(path, readFileSync(join(root, path), 'utf8'))),
  );
}

/** A cycle of imports as the list of its modules, or undefined. */
export function findCycle(modules: readonly Module[]): string[] | undefined {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const stack: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (done.has(path)) return undefined;
    const seenAt = stack.indexOf(path);
    if (seenAt >= 0) return [...stack.slice(seenAt), path];
    stack.push(path);
    for (const target of byPath.get(path)?.imports ?? []) {
      const cycle = visit(target);
      if (cycle) return cycle;
    }
    stack.pop();
    done.add(path);
    return undefined;
  };
  for (const { path } of modules) {
    const cycle = visit(path);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Imports of one file's text that exist when it runs: all but `import type` and `export type`. */
export const runtimeImports = (path: string, text: string): readonly string[] =>
  parseModule(path, withoutComments(text).replace(/(^|\n)\s*(?:import|export)\s+type\s[^;]*;/g, '$1')).imports;

/** Pairs of folders that import each other, types included, as `a <-> b`. */
export function mutualFolders(modules: readonly Module[], folderOf: (path: string) => string): string[] {
  const edges = new Set(
    modules.flatMap(({ path, imports }) => imports.map((target) => `${folderOf(path)} ${folderOf(target)}`)),
  );
  return [...edges].flatMap((edge) => {
    const [from = '', to = ''] = edge.split(' ');
    return from < to && edges.has(`${to} ${from}`) ? [`${from} <-> ${to}`] : [];
  });
}
