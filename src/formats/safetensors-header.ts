/**
 * The header of a safetensors file: 8 bytes of length (little-endian u64), then JSON. Read strictly: what the format
 * forbids is an error that names it. Source: the format's description in huggingface/safetensors.
 */
import { badInput, type TandemError } from '../errors.ts';
import { shortened } from '../model/json-fields.ts';
import { elementCount } from '../model/parameter-shapes.ts';
import { duplicateKeys } from './json-keys.ts';

/** Bytes of one value, by the format's type names. */
export const bytesPerValue = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type DType = keyof typeof bytesPerValue;

export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Absolute byte range in the file, [begin, end). */
  readonly begin: number;
  readonly end: number;
}

/**
 * The format allows 100 MB, which takes minutes to read. A tensor takes about 100 bytes, and the largest model of a
 * known family has fewer than 2,000.
 */
const maxHeaderBytes = 16_000_000;
const maxTensors = 50_000;
/** Axes of a tensor. Parameters have one or two. */
const maxAxes = 8;

interface HeaderEntry {
  readonly dtype?: unknown;
  readonly shape?: unknown;
  readonly data_offsets?: unknown;
}

/** The error for a file that is damaged. */
export const brokenFile = (file: string, message: string, tensor?: string): TandemError =>
  badInput(tensor === undefined ? `${file}: ${message}` : `${file}: tensor ${shortened(tensor)}: ${message}`, {
    field: tensor === undefined ? file : shortened(tensor),
    expected: 'an undamaged safetensors file',
    remedy: 'Copy or download the file again; if the error stays, the program that wrote it is at fault.',
  });

/** Length of the JSON from the first 8 bytes. */
export function headerLength(file: string, firstBytes: Uint8Array, fileBytes: number): number {
  if (firstBytes.byteLength < 8) throw brokenFile(file, `the file has ${fileBytes} bytes, fewer than its length field`);
  const length = new DataView(firstBytes.buffer, firstBytes.byteOffset, 8).getBigUint64(0, true);
  if (length > maxHeaderBytes) throw brokenFile(file, `its header claims ${length} bytes, more than ${maxHeaderBytes}`);
  if (8 + Number(length) > fileBytes) {
    throw brokenFile(file, `it is cut off inside its header: ${fileBytes} of ${8n + length} bytes`);
  }
  return Number(length);
}

/** Tensors of a header in the order of their bytes. `fileBytes` is the size of the whole file. */
export function parseHeader(file: string, json: Uint8Array, fileBytes: number): TensorInfo[] {
  const dataStart = 8 + json.byteLength;
  const tensors = Object.entries(parseJson(file, json))
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => parseEntry(file, name, entry, dataStart))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = dataStart;
  for (const { name, begin, end } of tensors) {
    if (begin < position) throw brokenFile(file, `its bytes overlap those of the tensor before it`, name);
    if (begin > position) throw brokenFile(file, `${begin - position} bytes before it belong to no tensor`, name);
    if (end > fileBytes) throw brokenFile(file, `the file is cut off: it has ${fileBytes} of ${end} bytes`, name);
    position = end;
  }
  if (position !== fileBytes) throw brokenFile(file, `${fileBytes - position} bytes follow its last tensor`);
  return tensors;
}

function parseJson(file: string, bytes: Uint8Array): Readonly<Record<string, HeaderEntry>> {
  if (bytes[0] !== 0x7b) throw brokenFile(file, 'its header does not begin with "{"');
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw brokenFile(file, `its header is no JSON: ${(error as Error).message}`);
  }
  const count = Object.keys(header as object).length;
  if (count > maxTensors) throw brokenFile(file, `its header names ${count} tensors, more than ${maxTensors}`);
  for (const [tensor, field] of duplicateKeys(text)) {
    const isMetadata = tensor === '__metadata__' && field !== undefined;
    if (!isMetadata) throw brokenFile(file, `${field ? `its ${field}` : 'it'} stands twice in the header`, tensor);
  }
  const { __metadata__: metadata, ...entries } = header as Record<string, unknown>;
  if (metadata !== undefined && !isStringMap(metadata)) {
    throw brokenFile(file, 'its __metadata__ is not a map from string to string');
  }
  return entries as Record<string, HeaderEntry>;
}

const isStringMap = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((item) => typeof item === 'string');

function parseEntry(file: string, name: string, entry: HeaderEntry | null, dataStart: number): TensorInfo {
  const { dtype, shape, data_offsets: offsets } = entry ?? {};
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesPerValue, dtype)) {
    throw brokenFile(file, `its type ${quoted(dtype)} is not known`, name);
  }
  if (!isSizes(shape)) throw brokenFile(file, `its shape is ${quoted(shape)}`, name);
  if (shape.length > maxAxes) throw brokenFile(file, `it has ${shape.length} axes, more than ${maxAxes}`, name);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw brokenFile(file, `its data_offsets are ${quoted(offsets)}`, name);
  }
  const [begin, end] = offsets;
  const bytes = elementCount(shape) * bytesPerValue[dtype as DType];
  if (end - begin !== bytes) {
    throw brokenFile(file, `${end - begin} bytes for ${dtype} [${shape}], which takes ${bytes}`, name);
  }
  return { name, dtype: dtype as DType, shape, begin: dataStart + begin, end: dataStart + end };
}

const quoted = (value: unknown): string => shortened(String(JSON.stringify(value)));

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
