// Completes dist/ after tsc: the files that are data, in the tree's own layout. Run by `npm run build`.
import { chmodSync, cpSync, existsSync } from 'node:fs';

for (const folder of ['shaders', 'src/db/migrations', 'src/data/sample']) {
  if (existsSync(folder))
    cpSync(folder, `dist/${folder}`, { recursive: true, filter: (path) => !path.endsWith('.ts') });
}
if (existsSync('dist/src/cli/main.js')) chmodSync('dist/src/cli/main.js', 0o755);
