/**
 * The environment of a process that loads a foreign tokenizer.json: what Node and the native library need. Keys and
 * addresses with passwords, which a file that takes such a process over could read, are not in it.
 */

/** Where programs, libraries and temporary files are, and how many threads and how much memory they may take. */
const kept: readonly string[] = [
  ...['PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SystemRoot', 'TMPDIR', 'TEMP', 'TMP'],
  ...['NODE_OPTIONS', 'RAYON_NUM_THREADS', 'TOKENIZERS_PARALLELISM'],
];

export const bareEnvironment = (environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv =>
  Object.fromEntries(kept.flatMap((name) => (name in environment ? [[name, environment[name]]] : [])));
