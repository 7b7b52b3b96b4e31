/** Puts a kernel's WGSL together from its parts, and maps a line of the whole to the file and line it came from. */
import { readShader } from '../assets.ts';
import type { KernelSpec } from './types.ts';

export interface ShaderSource {
  readonly code: string;
  /** File and line (from 1) of a line of `code`. */
  locate(line: number): { file: string; line: number };
}

/** Header, params, then the files. */
export function shaderSource(spec: KernelSpec): ShaderSource {
  const parts = [
    { file: `header of ${spec.name}`, text: spec.header ?? '' },
    { file: `params of ${spec.name}`, text: paramsBlock(spec) },
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

/** The declaration of `params`, which the spec is the only place to list: keepScale there is params.keep_scale here. */
function paramsBlock({ params }: KernelSpec): string {
  const fields = Object.entries(params).map(([name, type]) => `  ${snakeCase(name)}: ${type},\n`);
  if (fields.length === 0) return '';
  return `struct Params {\n${fields.join('')}}\n@group(0) @binding(0) var<uniform> params: Params;`;
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
