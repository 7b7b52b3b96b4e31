/** What lies where in the folder that setup.mjs makes. */
import { join } from 'node:path';

/** The interpreter of its virtual environment. */
export const pythonOf = (folder) =>
  process.platform === 'win32' ? join(folder, 'venv/Scripts/python.exe') : join(folder, 'venv/bin/python');
