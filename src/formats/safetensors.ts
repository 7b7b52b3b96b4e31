/**
 * safetensors files: a reader that reads one tensor at a time, and a writer that takes tensors in any order, so that
 * neither ever holds a whole model. Values are returned as f32. Source of the layout: huggingface/safetensors.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { badInput, invariant, TandemError } from '../errors.ts';
import { elementCount } from '../model/parameter-shapes.ts';
import type { NamedTensor } from '../model/types.ts';
import { openReadable, type ReadableFile } from '../storage/readable-file.ts';
import { widenBfloat16, widenFloat16 } from './half.ts';
import {
  brokenFile,
  bytesPerValue,
  type DType,
  headerLength,
  parseHeader,
  type TensorInfo,
} from './safetensors-header.ts';

export interface TensorReader {
  readonly path: string;
  /** Every tensor by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Path of the file that holds a tensor. */
  fileOf(name: string): string;
  /**
   * Values of one tensor as f32, row-major. Rejects if the tensor is missing, does not have the expected shape, or is
   * not of type F32, F16 or BF16.
   */
  read(name: string, expectedShape?: readonly number[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens a file and checks all of its header. The caller closes it. */
export async function openSafetensors(path: string): Promise<TensorReader> {
  const file = await openReadable(path, () => brokenFile(path, 'it is no file')).catch((error: Error) => {
    throw error instanceof TandemError ? error : brokenFile(path, `it cannot be opened: ${error.message}`);
  });
  try {
    const tensors = new Map((await readHeader(path, file)).map((tensor) => [tensor.name, tensor]));
    return {
      path,
      tensors,
      fileOf: () => path,
      read: async (name, expectedShape) => readTensor(path, file, checked(path, tensors, name, expectedShape)),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(path: string, file: ReadableFile): Promise<TensorInfo[]> {
  const { size } = file;
  const first = await readBytes(path, file, 0, Math.min(8, size));
  const json = await readBytes(path, file, 8, headerLength(path, first, size));
  return parseHeader(path, json, size);
}

function checked(
  path: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  name: string,
  expectedShape: readonly number[] | undefined,
): TensorInfo {
  const tensor = tensors.get(name);
  if (!tensor) {
    throw badInput(`${path}: tensor ${name} is missing`, { field: name, expected: 'a tensor of this name' });
  }
  if (expectedShape && !sameShape(tensor.shape, expectedShape)) {
    throw badInput(`${path}: tensor ${name} has the shape [${tensor.shape}]`, {
      field: name,
      expected: `[${expectedShape}], as the model's config.json says`,
    });
  }
  return tensor;
}

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((axis, i) => axis === b[i]);

async function readTensor(path: string, file: ReadableFile, tensor: TensorInfo): Promise<Float32Array> {
  const { name, dtype, begin, end } = tensor;
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
    throw badInput(`${path}: tensor ${name} is of type ${dtype}`, { field: name, expected: 'F32, F16 or BF16' });
  }
  const bytes = await readBytes(path, file, begin, end - begin);
  if (dtype === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  return dtype === 'F16' ? widenFloat16(halves) : widenBfloat16(halves);
}

/** Throws if the file has become shorter since it was opened. */
const readBytes = (path: string, file: ReadableFile, position: number, length: number): Promise<Uint8Array> =>
  file.read(position, length, (end) => brokenFile(path, `it ends at byte ${end}`));

// ---- writing -----------------------------------------------------------------------------------------------------

export interface TensorWriter {
  /** Writes one declared tensor. Any order, each once. */
  write(tensor: NamedTensor): Promise<void>;
  /** Closes the file; a tensor that was declared and not written is a defect. */
  finish(): Promise<void>;
  /** Closes the file without any check, after an error. */
  abandon(): Promise<void>;
}

/** Creates a file of f32 tensors with the given names and shapes. In the file they are sorted by name. */
export async function createSafetensors(
  path: string,
  shapes: readonly { readonly name: string; readonly shape: readonly number[] }[],
): Promise<TensorWriter> {
  const { header, places } = layOut(shapes);
  const handle = await open(path, 'wx');
  const missing = new Set(places.keys());
  try {
    await writeBytes(handle, header, 0);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    async write({ name, shape, data }) {
      const place = places.get(name);
      invariant(place && missing.has(name), `The tensor ${name} is not of this file, or was written twice`);
      invariant(
        sameShape(shape, place.shape) && data.length === elementCount(shape),
        `The tensor ${name} [${shape}] of ${data.length} values was declared as [${place.shape}]`,
      );
      missing.delete(name);
      await writeBytes(handle, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), place.begin);
    },
    async finish() {
      await handle.close();
      invariant(missing.size === 0, `${path} was closed without the tensors ${[...missing].join(', ')}`);
    },
    abandon: () => handle.close(),
  };
}

/** Header bytes and the position of every tensor: sorted by descending alignment (all are f32), then by name. */
function layOut(shapes: readonly { readonly name: string; readonly shape: readonly number[] }[]) {
  const dtype: DType = 'F32';
  const sorted = [...shapes].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const offsets: number[] = [0];
  for (const { shape } of sorted)
    offsets.push(offsets[offsets.length - 1] + elementCount(shape) * bytesPerValue[dtype]);
  const entries = sorted.map(({ name, shape }, i) => [
    name,
    { dtype, shape, data_offsets: [offsets[i], offsets[i + 1]] },
  ]);
  // Some versions of transformers refuse a file whose metadata does not name a framework.
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) });
  const text = Buffer.from(json);
  const header = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, 0x20);
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  text.copy(header, 8);
  const places = new Map(sorted.map(({ name, shape }, i) => [name, { shape, begin: header.length + offsets[i] }]));
  invariant(places.size === shapes.length, 'Two tensors of a file have the same name');
  return { header, places };
}

async function writeBytes(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const length = Math.min(bytes.byteLength - done, 1 << 30);
    const { bytesWritten } = await handle.write(bytes, done, length, position + done);
    done += bytesWritten;
  }
}
