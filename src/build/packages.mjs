// Makes the packages for programs that use a server and have none: dist/packages/client and one for each folder of
// src/adapters with a package.json. Run by `npm run build` behind tsc, in the root of the repository.
//
// A package holds the modules that its index.ts reaches, as tsc left them in dist/, in the tree's own layout. To all
// others the client is the package tandem-client. The manifest beside index.ts is completed with the version.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
const client = JSON.parse(readFileSync('src/client/package.json', 'utf8')).name;

makePackage('src/client', 'src/client', 'client');
// For the codegen of other people's documents.
copyFileSync('docs/schema.graphql', 'dist/packages/client/schema.graphql');
for (const name of existsSync('src/adapters') ? readdirSync('src/adapters') : []) {
  if (existsSync(`src/adapters/${name}/package.json`)) makePackage('src/adapters', `src/adapters/${name}`, name);
}

/** Writes dist/packages/NAME from the modules behind FOLDER/index.ts; ROOT is the folder that its layout begins at. */
function makePackage(root, folder, name) {
  const target = `dist/packages/${name}`;
  rmSync(target, { recursive: true, force: true });
  for (const [path, text] of modulesBehind(root, `dist/${folder}/index`)) {
    const file = join(target, posix.relative(`dist/${root}`, path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const manifest = manifestOf(folder, posix.join('.', posix.relative(root, folder), 'index'));
  writeFileSync(`${target}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(`${folder}/README.md`, `${target}/README.md`);
  copyFileSync('LICENSE', `${target}/LICENSE`);
}

function manifestOf(folder, entry) {
  const { name, description, ...rest } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const types = `./${entry}.d.ts`;
  return {
    ...{ name, version, description, license, ...rest, sideEffects: false, types },
    exports: { '.': { types, default: `./${entry}.js` }, ...rest.exports, './package.json': './package.json' },
    ...(name === client ? {} : { dependencies: { ...rest.dependencies, [client]: version } }),
  };
}

/** Texts of the modules that one reaches by relative imports, and of their declarations, by their paths in dist/. */
function modulesBehind(root, entry, found = new Map()) {
  if (found.has(`${entry}.js`)) return found;
  for (const extension of ['.js', '.d.ts']) {
    const path = entry + extension;
    const behind = [];
    const text = readFileSync(path, 'utf8').replace(
      /(\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]+)\.[jt]s\2/g,
      (_all, before, quote, specifier) => {
        const target = posix.join(posix.dirname(path), specifier);
        if (root !== 'src/client' && target === 'dist/src/client/index') return before + quote + client + quote;
        if (!target.startsWith(`dist/${root}/`)) throw new Error(`${path} imports ${target}, which is no part of it`);
        behind.push(target);
        return `${before}${quote}${specifier}.js${quote}`;
      },
    );
    found.set(path, text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
    for (const target of behind) modulesBehind(root, target, found);
  }
  return found;
}
