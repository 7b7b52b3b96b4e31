/** Puts a kernel's WGSL together from its parts and tells which file and line a line of the whole came from. */
import { readShader } from '../../assets.ts';
import type { KernelSpec } from '../types.ts';

export interface ShaderSource {
  readonly code: string;
  /** File and line (from 1) of a line of `code`. */
  locate(line: number): { file: string; line: number };
}

export function shaderSource(spec: KernelSpec): ShaderSource {
  const parts = [
    { file: `header of ${spec.name}`, text: spec.header ?? '' },
    ...[...(spec.include ?? []), spec.shader].map((path) => ({ file: `shaders/${path}`, text: readShader(path) })),
  ].filter((part) => part.text !== '');
  const starts: number[] = [];
  let line = 1;
  for (const { text } of parts) {
    starts.push(line);
    line += text.split('\n').length;
  }
  return {
    code: parts.map((part) => part.text).join('\n'),
    locate(target) {
      const index = Math.max(
        0,
        starts.findLastIndex((start) => start <= target),
      );
      return { file: parts[index]!.file, line: target - starts[index]! + 1 };
    },
  };
}

/**
 * Turns Dawn's message on a shader that does not compile into one that names our file and line.
 * Dawn writes `:LINE:COLUMN error: TEXT` with lines of the whole.
 */
export function explainCompileError(spec: KernelSpec, source: ShaderSource, message: string): string {
  const found = /:(\d+):(\d+) error: ([^\n]*)/.exec(message);
  if (found === null) return `kernel ${spec.name} (shaders/${spec.shader}) does not compile: ${message}`;
  const { file, line } = source.locate(Number(found[1]));
  return `${file}:${line}:${found[2]}: ${found[3]} (kernel ${spec.name})`;
}
