// Files that the build makes.
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Writes beside the target first and renames, so that a killed build or a full disk leaves no partial file there. */
export function writeWhole(path, content) {
  const staged = `${path}.new`;
  try {
    writeFileSync(staged, content);
    renameSync(staged, path);
  } finally {
    rmSync(staged, { force: true });
  }
}
