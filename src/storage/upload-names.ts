/**
 * Names of uploaded files. A client chooses them, so only those pass that mean the same on every file system: no way
 * out, nothing hidden, no control characters, nothing that Windows or a normalisation reads otherwise.
 */
import { badInput, type TandemError } from '../errors.ts';

/** Bytes of a name in UTF-8; file systems take 255, some that encrypt names 143. */
const mostBytes = 140;

/** Letters and digits of every script, and the signs that names of models have. */
const plain = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N} _.,+@()=-]*$/u;
/** Names of devices, with any ending. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** The parts of FOLDER/FILE or FOLDER/FOLDER/FILE, as they stand in an address. Throws BAD_USER_INPUT. */
export function fileNames(path: string): readonly string[] {
  const names = namesOf(path);
  if (names.length === 2 || names.length === 3) return names;
  throw wrong(path, 'FOLDER/FILE or FOLDER/FOLDER/FILE', 'Put the files of a model or data set into one folder.');
}

/** The one part of FOLDER, as it stands in an address. Throws BAD_USER_INPUT. */
export function folderName(path: string): string {
  const [name = '', ...rest] = namesOf(path);
  if (rest.length === 0) return name;
  throw wrong(path, 'FOLDER, the first part of the path of its files', 'Delete the whole folder.');
}

const namesOf = (path: string): readonly string[] => path.split('/').map((part) => nameOf(path, part));

function nameOf(path: string, part: string): string {
  const name = decoded(part);
  const isFine = name !== null && plain.test(name) && !/[. ]$/.test(name) && !device.test(name);
  if (isFine && name === name.normalize('NFC') && Buffer.byteLength(name) <= mostBytes) return name;
  throw wrong(
    path,
    `parts of at most ${mostBytes} bytes of UTF-8 in the form NFC: letters, digits, spaces and . _ - , + @ ( ) =, with ` +
      'a letter, a digit or _ in front, no dot or space at the end, and no name of a device of Windows',
    'Rename the file or the folder.',
  );
}

/** Null = the percent signs of the address do not stand for UTF-8. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

const wrong = (path: string, expected: string, remedy: string): TandemError =>
  badInput(`The path ${JSON.stringify(path.slice(0, 200))} cannot be that of an upload`, {
    field: 'path',
    expected,
    remedy,
  });
