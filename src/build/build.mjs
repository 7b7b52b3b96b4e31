// Completes dist/ after tsc: copies the files that are data, in the tree's own layout, and packs the database template.
// Run by `npm run build`, in the root of the repository.
import { chmodSync, cpSync, existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { writeWhole } from './write-whole.mjs';

for (const path of ['shaders', 'src/db/migrations', 'src/data/sample', 'src/wgsl/math.wgsl']) {
  if (existsSync(path)) cpSync(path, `dist/${path}`, { recursive: true, filter: (name) => !name.endsWith('.ts') });
}
if (existsSync('dist/src/cli/main.js')) chmodSync('dist/src/cli/main.js', 0o755);

// New embedded databases are copies of this one (src/db/template.ts).
const { databaseTemplate } = await import('../../dist/src/assets.js');
const { pgliteVersion } = await import('../../dist/src/db/format.js');
const template = databaseTemplate(pgliteVersion);
if (!isWhole(template)) {
  const { PGlite } = await import('@electric-sql/pglite');
  const database = await PGlite.create('memory://');
  await database.exec('checkpoint');
  const archive = await database.dumpDataDir('gzip');
  await database.close();
  writeWhole(template, Buffer.from(await archive.arrayBuffer()));
}

/** Whether the archive is there and agrees with gzip's own length and checksum. */
function isWhole(path) {
  try {
    return gunzipSync(readFileSync(path)).length > 0;
  } catch {
    return false;
  }
}
