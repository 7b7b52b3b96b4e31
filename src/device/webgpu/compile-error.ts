/** Turns Dawn's message about a shader that does not compile into one that names our file and line. */
import type { ShaderSource } from '../shader-source.ts';
import type { KernelSpec } from '../types.ts';

/** Dawn writes `:LINE:COLUMN error: TEXT`, with the lines of the whole. */
export function explainCompileError(spec: KernelSpec, source: ShaderSource, message: string): string {
  const found = /:(\d+):(\d+) error: ([^\n]*)/.exec(message);
  if (found === null) return `kernel ${spec.name} (shaders/${spec.shader}) does not compile: ${message}`;
  const { file, line } = source.locate(Number(found[1]));
  return `${file}:${line}:${found[2]}: ${found[3]} (kernel ${spec.name})`;
}
