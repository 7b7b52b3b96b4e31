/**
 * Every environment variable that Tandem reads: meaning, values, default and example, and how its text becomes a value.
 * docs/configuration.md is made from this table (test/environment.test.ts). A blank variable counts as unset.
 */
import { z } from 'zod';
import { access } from './environment/access.ts';
import type { Variable } from './environment/types.ts';
import { badInput } from './errors.ts';

const text = z.string().trim().optional();
/** As huggingface_hub reads its own: everything else is off. */
const flag = z
  .string()
  .optional()
  .transform((value) => /^\s*(1|on|true|yes)\s*$/i.test(value ?? ''));
const flagValues = '1, on, true or yes; everything else is off';

const folders = {
  TANDEM_DATA: {
    group: 'Folders and the server',
    schema: z.string().default('.tandem'),
    meaning: 'Folder of everything that Tandem keeps: database, data sets, models, checkpoints, downloads.',
    expected: 'a path; relative to the working folder',
    default: './.tandem',
    example: '/srv/tandem',
  },
  TANDEM_IMPORT: {
    group: 'Folders and the server',
    schema: z.string().optional(),
    meaning: 'The only folder below which data sets and models are imported from paths.',
    expected: 'a path; relative to the working folder',
    default: 'import, in the data folder',
    example: '/srv/corpora',
  },
  DATABASE_URL: {
    group: 'Folders and the server',
    schema: z
      .string()
      .trim()
      .regex(/^(postgres(ql)?:|socket:|\/)/)
      .optional(),
    meaning: 'A Postgres server with pgvector 0.7 or later, in place of the embedded database in the data folder.',
    expected: 'an address such as postgres://user:password@host:5432/database',
    default: 'unset: the embedded database (PGlite)',
    example: 'postgres://tandem:secret@localhost:5432/tandem',
    secret: true,
  },
  TANDEM_PORT: {
    group: 'Folders and the server',
    schema: z.coerce.number().int().min(0).max(65_535).default(4000),
    meaning: 'Port of the HTTP server; 0 takes a free one. The quickstart always takes a free one.',
    expected: 'a port number from 0 to 65535',
    default: '4000',
    example: '8080',
  },
  TANDEM_ADAPTER: {
    group: 'Folders and the server',
    schema: z
      .string()
      .refine((name) => name.trim() !== '' && name !== 'software')
      .default('auto'),
    meaning:
      'What computes: a GPU if there is one, else the CPU (auto); a GPU or nothing (gpu); the CPU (cpu); or the adapter whose name contains this.',
    expected: '"auto", "gpu", "cpu", or a part of the name of an adapter',
    default: 'auto',
    example: 'cpu',
    remedy: 'Instead of "software" set TANDEM_ADAPTER=cpu, which is many times as fast.',
  },
  TANDEM_THREADS: {
    group: 'Folders and the server',
    schema: z.coerce.number().int().min(1).max(120).optional(),
    meaning: 'Threads that compute, where the CPU does. The results do not depend on it.',
    expected: 'a whole number from 1 to 120',
    default: 'as many as the machine and the cgroup give this process',
    example: '4',
  },
  TANDEM_SIMD: {
    group: 'Folders and the server',
    schema: z.enum(['relaxed', 'fixed']).default('relaxed'),
    meaning:
      'How products are added up where the CPU computes: rounded once where the machine can (relaxed), or twice, with the same bits on every machine (fixed), at two thirds of the speed.',
    expected: '"relaxed" or "fixed"',
    default: 'relaxed',
    example: 'fixed',
  },
} as const satisfies Record<string, Variable>;

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const log = {
  TANDEM_LOG: {
    group: 'Log',
    schema: z.enum(logLevels).optional(),
    meaning: 'The least level that is logged, on stderr.',
    expected: logLevels.join(', '),
    default: 'info; warn for the quickstart, error for embed and tokenize',
    example: 'debug',
  },
  TANDEM_LOG_FORMAT: {
    group: 'Log',
    schema: z.enum(['auto', 'text', 'json']).optional(),
    meaning:
      'How log lines look: text for people, or one JSON object a line for programs. With auto they are text where ' +
      'stderr is a terminal, and JSON elsewhere.',
    expected: 'auto, text or json',
    default: 'auto; text for the quickstart, embed and tokenize',
    example: 'json',
  },
} as const satisfies Record<string, Variable>;

const endpoint = z
  .string()
  .trim()
  .refine((value) => /^https?:\/\//.test(value) && URL.canParse(value))
  .optional();

const traces = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    group: 'Traces',
    schema: endpoint,
    meaning:
      'Collector that traces are sent to by OTLP over HTTP, in protobuf. Its other variables are those of OpenTelemetry: ' +
      'OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES.',
    expected: 'an address such as http://127.0.0.1:4318',
    default: 'unset: no traces, and nothing of OpenTelemetry is loaded',
    example: 'http://127.0.0.1:4318',
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    group: 'Traces',
    schema: endpoint,
    meaning: 'The same with the whole path, where traces go elsewhere than other signals.',
    expected: 'an address such as http://127.0.0.1:4318/v1/traces',
    default: 'v1/traces, below OTEL_EXPORTER_OTLP_ENDPOINT',
    example: 'http://127.0.0.1:4318/v1/traces',
  },
  OTEL_SDK_DISABLED: {
    group: 'Traces',
    schema: z
      .string()
      .optional()
      .transform((value) => value?.trim().toLowerCase() === 'true'),
    meaning: 'No traces, whatever the endpoint is.',
    expected: 'true; everything else is off',
    default: 'off',
    example: 'true',
  },
} as const satisfies Record<string, Variable>;

const commandLine = {
  TANDEM_URL: {
    group: 'Command line',
    schema: z.string().refine(URL.canParse).optional(),
    meaning: 'The server that commands talk to, as --url names it.',
    expected: 'for example http://127.0.0.1:4000',
    default: 'the server that runs on the data folder',
    example: 'http://127.0.0.1:8080',
  },
  TANDEM_API_KEY: {
    group: 'Command line',
    schema: z
      .string()
      .trim()
      .regex(/^[\x21-\x7e]+$/)
      .optional(),
    meaning: 'The API key that commands send to the server.',
    expected: 'a key as `tandem key create` showed it',
    default: 'TANDEM_ADMIN_KEY, for the server that runs on the data folder; none for one that is named',
    example: 'tdm_4fK2mQ9x_...',
    secret: true,
  },
} as const satisfies Record<string, Variable>;

const hub = {
  HF_ENDPOINT: {
    group: 'Models from a Hugging Face hub',
    schema: z
      .string()
      .trim()
      .transform((value) => value.replace(/\/+$/, ''))
      .refine((value) => /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(value) && URL.canParse(value))
      .default('https://huggingface.co'),
    meaning: 'The hub that models are downloaded from.',
    expected: 'an address such as https://huggingface.co, without a user name',
    default: 'https://huggingface.co',
    example: 'https://hub.example.org',
    secret: true,
  },
  HF_HUB_OFFLINE: {
    group: 'Models from a Hugging Face hub',
    schema: flag,
    meaning: 'No request to the hub: only models that were downloaded before are imported.',
    expected: flagValues,
    default: 'off',
    example: '1',
  },
  HF_TOKEN: {
    group: 'Models from a Hugging Face hub',
    schema: text,
    meaning: 'Access token for private and gated models. It is sent to HF_ENDPOINT alone, never logged or stored.',
    expected: 'a token with read access',
    default: 'the token of `hf auth login`, if there is one',
    example: 'hf_...',
    secret: true,
  },
  HF_HUB_DISABLE_IMPLICIT_TOKEN: {
    group: 'Models from a Hugging Face hub',
    schema: flag,
    meaning: 'The token of `hf auth login` is not used; HF_TOKEN still is.',
    expected: flagValues,
    default: 'off',
    example: '1',
  },
  HF_TOKEN_PATH: {
    group: 'Models from a Hugging Face hub',
    schema: z.string().optional(),
    meaning: 'File with the token of `hf auth login`.',
    expected: 'a path',
    default: 'token, in HF_HOME',
    example: '/run/secrets/hf-token',
  },
  HF_HOME: {
    group: 'Models from a Hugging Face hub',
    schema: z.string().optional(),
    meaning: 'Folder of the Hugging Face tools; only the token of a login is read from it.',
    expected: 'a path',
    default: 'huggingface, in XDG_CACHE_HOME',
    example: '/srv/huggingface',
  },
  XDG_CACHE_HOME: {
    group: 'Models from a Hugging Face hub',
    schema: z.string().optional(),
    meaning: 'Folder of caches; here it only names the default of HF_HOME.',
    expected: 'a path',
    default: '~/.cache',
    example: '/var/cache',
  },
} as const satisfies Record<string, Variable>;

export const variables = { ...folders, ...access, ...log, ...traces, ...commandLine, ...hub };

export type VariableName = keyof typeof variables;

/** A text that may be an address, as errors quote it: without a user's name and password. */
export const withoutUser = (text: string): string => text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1');

/** The variable's value. Throws BAD_USER_INPUT with the variable's name, what is expected and the remedy. */
export function readVariable<Name extends VariableName>(
  name: Name,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<(typeof variables)[Name]['schema']> {
  const { schema, expected, remedy, secret }: Variable = variables[name];
  const given = environment[name]?.trim() === '' ? undefined : environment[name];
  const { success, data } = schema.safeParse(given);
  if (success) return data as z.output<(typeof variables)[Name]['schema']>;
  const message = secret ? `The value of ${name} cannot be used` : `${name} is "${withoutUser(given ?? '')}"`;
  throw badInput(message, { field: name, expected, remedy: remedy ?? `Correct ${name}, or unset it.` });
}
