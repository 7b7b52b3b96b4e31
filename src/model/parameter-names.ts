/** Parameters by the names that users see in a model folder, and globs over them. */
import { denseFolder } from './pipeline.ts';

/**
 * A parameter's name in the model.safetensors of a model folder. A dense layer has a file of its own, so its names
 * follow the name of its folder: 2_Dense/linear.weight. Heads, whose folders depend on the dense layers before them,
 * are called the same in every model: heads.ir.linear.weight.
 */
export function exportedName(parameter: string): string {
  const [, layer, name] = /^dense\.(\d+)\.(.+)$/.exec(parameter) ?? [];
  return layer === undefined ? parameter : `${denseFolder(Number(layer))}/${name}`;
}

/**
 * Whether the whole name matches: `*` stands for any characters, dots and slashes too, `?` for one. The time is at most
 * the product of both lengths.
 */
export function matchesGlob(glob: string, name: string): boolean {
  let [at, place] = [0, 0];
  // Where the last star stands, and the first character after those that it takes.
  let [star, taken] = [-1, 0];
  while (place < name.length) {
    if (glob[at] === '*') {
      star = at++;
      taken = place;
    } else if (at < glob.length && (glob[at] === '?' || glob[at] === name[place])) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star + 1;
      place = ++taken;
    } else {
      return false;
    }
  }
  return /^\**$/.test(glob.slice(at));
}
