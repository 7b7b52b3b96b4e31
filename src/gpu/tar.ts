/** Reads the regular files of a ustar archive that is in memory. Only what unpacking a bundled driver needs. */
const block = 512;

export interface TarFile {
  readonly name: string;
  readonly content: Buffer;
}

/** The regular files of an archive, in order. Throws when it is cut off or a name could leave the target folder. */
export function readTar(archive: Buffer): TarFile[] {
  const files: TarFile[] = [];
  for (let offset = 0; offset + block <= archive.length; ) {
    const header = archive.subarray(offset, offset + block);
    const name = field(header, 0, 100);
    if (name === '') break;
    const size = Number.parseInt(field(header, 124, 12).trim(), 8);
    const start = offset + block;
    if (!(size >= 0) || start + size > archive.length) throw new Error(`tar entry "${name}" is cut off`);
    const isFile = header[156] === 0 || header[156] === 0x30;
    if (isFile && !/^(\.\/)?[\w.-]+$/.test(name)) throw new Error(`tar entry "${name}" has an unexpected name`);
    if (isFile) files.push({ name: name.replace(/^\.\//, ''), content: archive.subarray(start, start + size) });
    offset = start + Math.ceil(size / block) * block;
  }
  return files;
}

function field(header: Buffer, start: number, length: number): string {
  const text = header.toString('latin1', start, start + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
