/** What JSON.parse does not tell: whether an object's key stands there twice. */

/** The first key that the outermost object of a valid JSON text has twice, or undefined. */
export function duplicateKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    else if (char === '"') {
      const end = stringEnd(json, i);
      if (depth === 1 && isKey(json, end)) {
        const key = JSON.parse(json.slice(i, end)) as string;
        if (seen.has(key)) return key;
        seen.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
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
