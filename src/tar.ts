/** Reads a ustar archive that is in memory (POSIX.1-1988), as our own build and npm's driver package make them. */
const block = 512;

export interface TarEntry {
  /** Below the archive's root, with forward slashes. */
  readonly name: string;
  /** Undefined = a folder. */
  readonly content: Buffer | undefined;
}

/**
 * Files and folders of an archive, in order; links and special files are left out. Throws when it is cut off or a name
 * could leave the target folder.
 */
export function* readTar(archive: Buffer): Generator<TarEntry, void, undefined> {
  for (let offset = 0; offset + block <= archive.length; ) {
    const header = archive.subarray(offset, offset + block);
    const whole = [field(header, 345, 155), field(header, 0, 100)].filter(Boolean).join('/');
    if (whole === '') break;
    const size = Number.parseInt(field(header, 124, 12).trim(), 8);
    const start = offset + block;
    if (!(size >= 0) || start + size > archive.length) throw new Error(`tar entry "${whole}" is cut off`);
    const isFile = header[156] === 0 || header[156] === 0x30;
    const isFolder = header[156] === 0x35;
    const name = whole.replace(/^\.?\//, '').replace(/\/$/, '');
    if ((isFile || isFolder) && !isBelow(name)) throw new Error(`tar entry "${whole}" has an unexpected name`);
    if (isFile || isFolder) yield { name, content: isFile ? archive.subarray(start, start + size) : undefined };
    offset = start + Math.ceil(size / block) * block;
  }
}

const isBelow = (name: string): boolean =>
  name.split('/').every((part) => /^[\w.-]+$/.test(part) && part !== '.' && part !== '..');

function field(header: Buffer, start: number, length: number): string {
  const text = header.toString('latin1', start, start + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
