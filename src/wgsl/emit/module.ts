/** A WebAssembly module with one exported function, on the shared memory that it imports. */
import { name, section, unsigned, vector } from './bytes.ts';

const [i32, functionType] = [0x7f, 0x60];
const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** Pages of 64 KiB: 4 GiB. */
const mostPages = 65_536;

export interface ModuleParts {
  /** Of the function `run`, with its local variables. */
  readonly body: readonly number[];
  readonly parameters: number;
  /** Import the function `outside(binding, index, limit)`, which is function 0 then. */
  readonly checked: boolean;
  /** A section of data beside the code. */
  readonly note: { readonly name: string; readonly text: string };
}

export function moduleBytes({ body, parameters, checked, note }: ModuleParts): Uint8Array<ArrayBuffer> {
  const signature = (count: number): number[] => [
    functionType,
    ...vector(Array.from({ length: count }, () => [i32])),
    ...vector([]),
  ];
  const sharedWithLimit = 0x03;
  const memory = [...name('device'), ...name('memory'), 0x02, sharedWithLimit, ...unsigned(1), ...unsigned(mostPages)];
  const outside = [...name('device'), ...name('outside'), 0x00, 1];
  const code = [...unsigned(body.length), ...body];
  return Uint8Array.from([
    ...magic,
    ...section(1, vector([signature(parameters), signature(3)])),
    ...section(2, vector(checked ? [memory, outside] : [memory])),
    ...section(3, vector([[0]])),
    ...section(7, vector([[...name('run'), 0x00, checked ? 1 : 0]])),
    ...section(10, vector([code])),
    ...section(0, [...name(note.name), ...new TextEncoder().encode(note.text)]),
  ]);
}
