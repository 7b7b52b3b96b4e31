/** The variables of the environment, and that docs/configuration.md describes each; `vitest -u` writes it anew. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import type { Variable } from '../src/environment/types.ts';
import { readVariable, variables } from '../src/environment.ts';

const root = join(import.meta.dirname, '..');
const docs = join(root, 'docs/configuration.md');
const table: readonly [string, Variable][] = Object.entries(variables);

/** At most 120 characters a line. */
const wrapped = (text: string): string => text.replace(/(?=.{121})(.{1,120}) /g, '$1\n');

const section = ([name, { meaning, expected, example, ...variable }]: [string, Variable]): string =>
  `### ${name}\n\n${wrapped(meaning)}\n\n- Values: ${expected}\n- Default: ${variable.default}\n- Example: \`${name}=${example}\`\n`;

function describeAll(): string {
  const groups = [...new Set(table.map(([, { group }]) => group))];
  return groups
    .map(
      (name) =>
        `## ${name}\n\n${table
          .filter(([, { group }]) => group === name)
          .map(section)
          .join('\n')}`,
    )
    .join('\n');
}

describe('the environment', () => {
  it('is described in docs/configuration.md', async () => {
    const parts = (await readFile(docs, 'utf8')).split(/(?<=<!-- Made of .* -->\n)[\s\S]*(?=<!-- end -->\n)/);
    expect(parts).toHaveLength(2);
    await expect(parts.join(`\n${describeAll()}\n`)).toMatchFileSnapshot(docs);
  });

  it('is read by the table alone', async () => {
    // The drivers' own, the terminal's own, and what comments say of tests.
    const foreign = /^(VK_\w+|NO_COLOR|TANDEM_TEST_ADAPTER)$/;
    const unknown: string[] = [];
    for (const folder of ['src', 'workers']) {
      for (const name of await readdir(join(root, folder), { recursive: true })) {
        if (!name.endsWith('.ts')) continue;
        const text = await readFile(join(root, folder, name), 'utf8');
        const named = [
          ...text.matchAll(/process\.env(?:\.|\[')(\w+)/g),
          ...text.matchAll(/\b((?:TANDEM|HF)_[A-Z_]+|DATABASE_URL)\b/g),
        ];
        const names = named.map(([, variable = '']) => variable).filter((variable) => !foreign.test(variable));
        unknown.push(...names.filter((variable) => !(variable in variables)).map((variable) => `${name}: ${variable}`));
      }
    }
    expect(unknown).toEqual([]);
  });

  it('takes the example of every variable, and counts blank as unset', () => {
    for (const [name, { schema, example }] of table) {
      expect(schema.safeParse(example), name).toMatchObject({ success: true });
      expect(readVariable(name as keyof typeof variables, { [name]: ' ' }), name).toEqual(
        readVariable(name as keyof typeof variables, {}),
      );
    }
  });

  it.each([
    ['TANDEM_PORT', '65536'],
    ['TANDEM_PORT', '-1'],
    ['TANDEM_PORT', '80.5'],
    ['TANDEM_PORT', 'http'],
    ['TANDEM_HOST', 'gpu.lan'],
    ['TANDEM_HOST', '127.0.0.1:4000'],
    ['TANDEM_HOST', 'fe80::1%eth0'],
    ['TANDEM_HOSTS', 'https://tandem.example.org'],
    ['TANDEM_HOSTS', '*.example.org'],
    ['TANDEM_ORIGINS', 'http://localhost:5173/'],
    ['TANDEM_ORIGINS', 'http://localhost:5173, *'],
    ['TANDEM_ORIGINS', 'null'],
    ['TANDEM_ORIGINS', 'https://admin.example.org:443'],
    ['TANDEM_AUTH', 'yes'],
    ['TANDEM_RATE', '0'],
    ['TANDEM_RATE', '60/0'],
    ['TANDEM_GRAPHIQL', '0'],
    ['TANDEM_ADAPTER', 'software'],
    ['TANDEM_THREADS', '0'],
    ['DATABASE_URL', 'mysql://me:secret@host/db'],
    ['HF_ENDPOINT', 'https://me:secret@hub.example.org'],
    ['HF_ENDPOINT', 'hub.example.org'],
  ] as const)('refuses %s=%s with what is expected and a remedy, and shows no secret', (name, value) => {
    const read = () => loadConfig({ [name]: value });
    const { expected } = variables[name];
    expect(read).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: expect.stringContaining(name),
        details: { field: name, expected, remedy: expect.stringContaining(name) },
      }),
    );
    expect(read).not.toThrow(/secret/);
  });

  it.each([
    ['TANDEM_LOG', 'verbose'],
    ['TANDEM_LOG_FORMAT', 'xml'],
    ['TANDEM_URL', 'localhost'],
  ] as const)('refuses %s=%s where it is read', (name, value) => {
    expect(() => readVariable(name, { [name]: value })).toThrow(`${name} is "${value}"`);
  });

  it('gives the defaults', () => {
    const { dataDir, importDir, port, databaseUrl, adapter, hub } = loadConfig({ HF_HOME: '/nowhere' });
    expect({ dataDir, importDir }).toEqual({
      dataDir: join(process.cwd(), '.tandem'),
      importDir: join(process.cwd(), '.tandem/import'),
    });
    expect({ port, databaseUrl, adapter }).toEqual({ port: 4000, databaseUrl: undefined, adapter: 'auto' });
    expect(hub).toEqual({ endpoint: 'https://huggingface.co', token: undefined, offline: false });
  });

  it('reads numbers, switches and addresses', () => {
    const given = { TANDEM_PORT: '0', HF_HUB_OFFLINE: 'Yes', HF_ENDPOINT: ' http://127.0.0.1:8/hub// ', HF_TOKEN: 't' };
    expect(loadConfig(given)).toMatchObject({
      port: 0,
      hub: { endpoint: 'http://127.0.0.1:8/hub', token: 't', offline: true },
    });
  });
});
