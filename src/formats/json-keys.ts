/** Duplicate keys of JSON objects, which JSON.parse ignores. */

/** An object or list whose end has not been reached. */
interface Open {
  readonly seen: Set<string>;
  /** The key whose value is being read. */
  key: string;
}

/** Yields every duplicate key of a valid JSON text, as the path of keys from the root; a list's key in it is ''. */
export function* duplicateKeys(json: string): Generator<readonly string[], void, undefined> {
  const open: Open[] = [];
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{' || char === '[') open.push({ seen: new Set(), key: '' });
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const end = stringEnd(json, i);
      const inside = open.at(-1);
      if (inside && isKey(json, end)) {
        inside.key = JSON.parse(json.slice(i, end)) as string;
        if (inside.seen.has(inside.key)) yield open.map(({ key }) => key);
        inside.seen.add(inside.key);
      }
      i = end - 1;
    }
  }
}

/** Position after the closing quote of the string that opens at `start`. */
function stringEnd(json: string, start: number): number {
  for (let i = start + 1; i < json.length; i++) {
    if (json[i] === '\\') i++;
    else if (json[i] === '"') return i + 1;
  }
  return json.length;
}

/** A string is a key if a colon follows. */
function isKey(json: string, end: number): boolean {
  while (' \t\n\r'.includes(json[end])) end++;
  return json[end] === ':';
}
