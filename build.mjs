// Completes dist/ after tsc: the files that are data, in the tree's own layout. Run by `npm run build`.
import { chmodSync, cpSync, existsSync, writeFileSync } from 'node:fs';

for (const folder of ['shaders', 'src/db/migrations', 'src/data/sample']) {
  if (existsSync(folder))
    cpSync(folder, `dist/${folder}`, { recursive: true, filter: (path) => !path.endsWith('.ts') });
}
if (existsSync('dist/src/cli/main.js')) chmodSync('dist/src/cli/main.js', 0o755);

// New embedded databases are copies of this one (src/db/template.ts).
const { databaseTemplate } = await import('./dist/src/assets.js');
const { pgliteVersion } = await import('./dist/src/db/format.js');
const template = databaseTemplate(pgliteVersion);
if (!existsSync(template)) {
  const { PGlite } = await import('@electric-sql/pglite');
  const database = await PGlite.create('memory://');
  await database.exec('checkpoint');
  const archive = await database.dumpDataDir('gzip');
  await database.close();
  writeFileSync(template, Buffer.from(await archive.arrayBuffer()));
}
