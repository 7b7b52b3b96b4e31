/**
 * A merge configuration of mergekit (https://github.com/arcee-ai/mergekit) as YAML text: `merge_method`, `models` with
 * their parameters, `base_model`, `parameters`. What is not read is refused by name.
 */
import { Lexer, parseDocument } from 'yaml';
import { badInput, limitExceeded, type TandemError } from '../../../errors.ts';

/** Characters of a configuration. Those of mergekit's own examples have a few hundred. */
const longestText = 100_000;

export interface MergekitDocument {
  readonly method: string;
  readonly base: string | null;
  readonly models: readonly MergekitModel[];
  /** Of the whole merge. */
  readonly parameters: Settings;
}

interface MergekitModel {
  readonly name: string;
  readonly parameters: Settings;
}

/** Numbers and truth values by name. */
export type Settings = Readonly<Record<string, number | boolean>>;

/** Reads and checks the form; `field` is the path of the text. Throws a BAD_USER_INPUT with the path inside of it. */
export function readDocument(text: string, field: string): MergekitDocument {
  const root = mapOf(parse(text, field), field);
  checkKeys(root, field);
  const { merge_method, base_model, models, parameters } = root;
  return {
    method: textOf(merge_method, `${field}.merge_method`, 'the name of a method, such as linear'),
    base: isAbsent(base_model) ? null : textOf(base_model, `${field}.base_model`, modelName),
    models: modelsOf(models, `${field}.models`),
    parameters: settingsOf(parameters, `${field}.parameters`),
  };
}

const modelName = 'the name of a model as text';

/** YAML 1.1, as PyYAML reads it for mergekit. Aliases of anchors are followed up to a hundred times. */
function parse(text: string, field: string): unknown {
  if (text.length > longestText) {
    throw limitExceeded(`The text has ${text.length} characters`, {
      field,
      expected: `at most ${longestText}`,
      remedy: 'Leave out what is no part of the configuration.',
    });
  }
  refuseDeepNesting(text, field);
  const document = parseDocument(text, { version: '1.1', merge: true, prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) throw noYaml(fault.message, field);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw noYaml((error as Error).message, field);
  }
}

/** Levels of a text: more than any configuration has, and far from where the parser, which calls itself, gives way. */
const deepestNesting = 100;

/** Flow collections that are open, columns of indentation and entries that begin on one line bound the levels. */
function refuseDeepNesting(text: string, field: string): void {
  let [open, onLine, isFirst] = [0, 0, true];
  for (const token of new Lexer().lex(text)) {
    if (/^[\r\n]/.test(token)) [onLine, isFirst] = [0, true];
    else {
      if (isFirst && /^ +$/.test(token)) onLine += token.length;
      if (token === '-' || token === '?') onLine++;
      if (token === '[' || token === '{') open++;
      if (token === ']' || token === '}') open--;
      isFirst = false;
    }
    if (open + onLine <= deepestNesting) continue;
    throw limitExceeded('The text is nested too deep', {
      field,
      expected: `at most ${deepestNesting} levels, counted with the columns of indentation`,
      remedy: 'Indent less, or leave out what is no part of the configuration.',
    });
  }
}

const noYaml = (message: string, field: string): TandemError =>
  badInput(`The text is no YAML: ${message.split('\n')[0]}`, {
    field,
    expected: 'a configuration of mergekit: one YAML document',
    remedy: 'Correct the line that is named.',
  });

// ---- keys --------------------------------------------------------------------------------------------------------

/** Keys of mergekit that ask for what is not done here, with what to do instead. */
const refusedKeys: Readonly<Record<string, string>> = {
  slices: 'List whole models under `models`; blocks of one node are chosen by the globs of a plan (`only`).',
  modules: 'List the models under `models`.',
  tokenizer: 'Leave it out: checkpoints of one lineage have one tokenizer.',
  chat_template: 'Leave it out: an encoder has none.',
};

/** Keys without an effect here, with the values that say so. */
const fixedKeys: Readonly<Record<string, readonly string[]>> = {
  dtype: ['float32'],
  out_dtype: ['float32'],
  tokenizer_source: ['base', 'union'],
};

const readKeys = ['merge_method', 'base_model', 'models', 'parameters'];

function checkKeys(root: Readonly<Record<string, unknown>>, field: string): void {
  for (const [key, value] of Object.entries(root)) {
    if (isAbsent(value) || readKeys.includes(key)) continue;
    const allowed = fixedKeys[key];
    if (allowed?.includes(String(value))) continue;
    throw badInput(allowed ? `${key} is ${shown(value)}` : `"${key.slice(0, 60)}" is not read`, {
      field: `${field}.${key}`,
      expected: allowed ? allowed.join(' or ') : `only ${[...readKeys, ...Object.keys(fixedKeys)].join(', ')}`,
      remedy: allowed ? `Write ${allowed[0]}, or leave it out.` : (refusedKeys[key] ?? 'Leave it out.'),
    });
  }
}

// ---- values ------------------------------------------------------------------------------------------------------

function modelsOf(value: unknown, field: string): MergekitModel[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw badInput('There are no models', {
      field,
      expected: 'a list of models, each with `model` and, where the method takes them, `parameters`',
      remedy: 'List the models to merge.',
    });
  }
  return value.map((item: unknown, i) => {
    const at = `${field}.${i}`;
    const { model, parameters, ...others } = mapOf(item, at);
    const [other] = Object.keys(others);
    if (other !== undefined) throw wrong(`"${other.slice(0, 60)}" is not read`, `${at}.${other}`, 'model, parameters');
    return { name: textOf(model, `${at}.model`, modelName), parameters: settingsOf(parameters, `${at}.parameters`) };
  });
}

function settingsOf(value: unknown, field: string): Settings {
  if (isAbsent(value)) return {};
  const settings = Object.entries(mapOf(value, field)).filter(([, setting]) => !isAbsent(setting));
  for (const [name, setting] of settings) checkSetting(setting, `${field}.${name}`);
  return Object.fromEntries(settings) as Settings;
}

function checkSetting(value: unknown, field: string): void {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return;
  if (Array.isArray(value) || (typeof value === 'object' && value !== null)) {
    throw badInput(`${field.split('.').at(-1)} is a gradient over layers, or has filters`, {
      field,
      expected: 'one number for all parameters',
      remedy: 'Write a plan (fuse --plan) with a node for each part of the model, limited to it by globs (`only`).',
    });
  }
  throw wrong(`${field.split('.').at(-1)} is ${shown(value)}`, field, 'a number, or true or false');
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);

function mapOf(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(`${field.split('.').at(-1)} is ${shown(value)}`, field, 'keys with values');
}

function textOf(value: unknown, field: string, expected: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw wrong(`${field.split('.').at(-1)} is ${isAbsent(value) ? 'missing' : shown(value)}`, field, expected);
}

const wrong = (message: string, field: string, expected: string): TandemError =>
  badInput(message, { field, expected, remedy: `Give ${expected}.` });
