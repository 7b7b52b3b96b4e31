/** Variables that say who may reach the server, and what they may send. Joined to the others by environment.ts. */
import { isIP } from 'node:net';
import { z } from 'zod';
import type { Rate, Variable } from './types.ts';

/** A list, separated by commas or white space, of texts that pass the test. */
const listOf = (isItem: (text: string) => boolean) =>
  z
    .string()
    .optional()
    .transform((value = '') => [...new Set(value.toLowerCase().split(/[\s,]+/))].filter((item) => item !== ''))
    .refine((items) => items.every(isItem));

/** As browsers send it in the Host header: without the port where it is that of the scheme. */
const isHost = (text: string): boolean => /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/.test(text);
const isOrigin = (text: string): boolean =>
  /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;

const onOff = z.enum(['on', 'off']).default('on');
const onOffValues = '"on" or "off"';

/** `600` or `600/60`: requests a minute, and how many at once. */
const rate = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^(off|[1-9]\d{0,8}(\/[1-9]\d{0,8})?)$/)
  .default('6000/1000')
  .transform((text): Rate | null => {
    if (text === 'off') return null;
    const [perMinute = 0, burst = Math.ceil(perMinute / 6)] = text.split('/').map(Number);
    return { perMinute, burst };
  });

const units = { b: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 } as const;

/** `8 GiB`, `500mib` or `1000`: a number of bytes. */
const size = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^(off|[1-9]\d{0,11} ?(b|[kmgt]ib)?)$/)
  .default('8 gib')
  .transform((text): number | null => {
    const [, number, unit = 'b'] = /^(\d+) ?(\w+)?$/.exec(text) ?? [];
    return number === undefined ? null : Number(number) * units[unit as keyof typeof units];
  })
  .refine((bytes) => bytes === null || Number.isSafeInteger(bytes));

export const access = {
  TANDEM_AUTH: {
    group: 'Access',
    schema: z.enum(['optional', 'required']).default('optional'),
    meaning: 'Whether every request needs an API key, or only one that gives a key is held to it.',
    expected: '"optional" or "required"',
    default: 'optional: who reaches the port without a key may do everything',
    example: 'required',
  },
  TANDEM_ADMIN_KEY: {
    group: 'Access',
    schema: z
      .string()
      .trim()
      .regex(/^[\x21-\x7e]{32,}$/)
      .optional(),
    meaning: 'A key of the role admin beside those in the database, for example to make the first of them.',
    expected: 'at least 32 visible ASCII characters',
    default: 'unset: only keys in the database',
    example: '9RkqP2v0mW7yT4sJ8xZ1cB6nL3hD5gFa',
    remedy: 'Set TANDEM_ADMIN_KEY to what `openssl rand -base64 32` prints, or unset it.',
    secret: true,
  },
  TANDEM_HOST: {
    group: 'Access',
    schema: z
      .string()
      .trim()
      .toLowerCase()
      .transform((value) => (value === 'localhost' ? '127.0.0.1' : value.replace(/^\[(.*)\]$/, '$1')))
      // An address with a zone (fe80::1%eth0) has no form that a URL takes.
      .refine((value) => isIP(value) !== 0 && !value.includes('%'))
      .default('127.0.0.1'),
    meaning:
      'Address that the HTTP server listens on. Another one than that of this machine alone, such as 0.0.0.0 or ::, ' +
      'needs TANDEM_AUTH=required, and the names it is asked by in TANDEM_HOSTS.',
    expected: 'an address of this machine',
    default: '127.0.0.1',
    example: '0.0.0.0',
    remedy: 'Set TANDEM_HOST to an address such as 127.0.0.1 or 0.0.0.0, or unset it.',
  },
  TANDEM_HOSTS: {
    group: 'Access',
    schema: listOf(isHost),
    meaning:
      'Further names that requests may name in their Host header, beside 127.0.0.1, localhost, [::1] and the address of ' +
      'TANDEM_HOST, each with the port: those that a reverse proxy or other machines ask by. Needs TANDEM_AUTH=required.',
    expected: 'names as clients send them, exactly: name:port, or name where the port is that of the scheme',
    default: 'none',
    example: 'tandem.example.org,gpu.lan:4000',
  },
  TANDEM_ORIGINS: {
    group: 'Access',
    schema: listOf(isOrigin),
    meaning: 'Origins of web pages, beside those of the server itself, that may use it from a browser.',
    expected: 'origins, exactly: scheme, name and, unless it is that of the scheme, port; without a slash at the end',
    default: 'none: pages of other origins are refused',
    example: 'http://localhost:5173,https://admin.example.org',
  },
  TANDEM_RATE: {
    group: 'Access',
    schema: rate,
    meaning:
      'Requests that each API key may send: so many a minute, of which so many at once. More are refused with 429 and ' +
      'Retry-After. Callers without a key are not limited.',
    expected: 'requests a minute, or requests a minute/requests at once, or "off"',
    default: '6000/1000',
    example: '600/60',
  },
  TANDEM_UPLOAD: {
    group: 'Access',
    schema: size,
    meaning: 'The largest file that editors may upload into the import folder. With "off" nothing is uploaded.',
    expected: 'bytes, or a number with the unit KiB, MiB, GiB or TiB, or "off"',
    default: '8 GiB',
    example: '500 MiB',
  },
  TANDEM_INTROSPECTION: {
    group: 'Access',
    schema: onOff,
    meaning: 'Whether the schema may be asked for. Where keys are required, it needs one as everything does.',
    expected: onOffValues,
    default: 'on',
    example: 'off',
  },
  TANDEM_GRAPHIQL: {
    group: 'Access',
    schema: onOff,
    meaning: 'Whether the page / is GraphiQL. The page itself needs no key; what is asked with it does.',
    expected: onOffValues,
    default: 'on',
    example: 'off',
  },
  TANDEM_DOCUMENTS: {
    group: 'Access',
    schema: z.string().trim().optional(),
    meaning:
      'File of trusted documents: a JSON object of operations by their ids or hashes, such as the ' +
      'persisted-documents.json of GraphQL codegen or of the compiler of Relay. Requests may name them by id.',
    expected: 'a path; relative to the working folder',
    default: 'unset: requests send the text of the operation',
    example: '/srv/app/persisted-documents.json',
  },
  TANDEM_DOCUMENTS_ONLY: {
    group: 'Access',
    schema: z.enum(['on', 'off']).default('off'),
    meaning:
      'Whether callers below the role admin may send no other operations than those of TANDEM_DOCUMENTS. Needs ' +
      'TANDEM_AUTH=required, since whoever needs no key is an admin.',
    expected: onOffValues,
    default: 'off',
    example: 'on',
  },
} as const satisfies Record<string, Variable>;
