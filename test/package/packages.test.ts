/**
 * The packages without a server: npm pack, the client's tarball installed alone in an empty folder, run there against a
 * real server and type-checked as users have it set up; and of each package that it loads only what it names.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModule, root } from '../import-graph.ts';
import { InstalledServer } from './server.ts';

const packages = join(root, 'dist/packages');
const names = readdirSync(packages);
const folder = mkdtempSync(join(tmpdir(), 'tandem-packages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command; its stdout. Throws with what it printed. */
function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
  }
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (name: string): Manifest => JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
const filesOf = (name: string): string[] => readdirSync(join(packages, name), { recursive: true, encoding: 'utf8' });

describe.each(names)('the package of: %s', (name) => {
  it('has the version of the server, a README, a licence and types beside every module', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
    expect(manifestOf(name).version).toBe(version);
    const files = filesOf(name);
    expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
    const modules = files.filter((file) => file.endsWith('.js'));
    expect(modules.length).toBeGreaterThan(0);
    expect(files).toEqual(expect.arrayContaining(modules.map((file) => file.replace(/\.js$/, '.d.ts'))));
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([]);
  });

  it('loads no package that its manifest does not name', () => {
    const { dependencies, peerDependencies } = manifestOf(name);
    const sources = filesOf(name).filter((file) => /\.(js|d\.ts)$/.test(file));
    const loaded = sources.flatMap(
      (file) => parseModule(file, readFileSync(join(packages, name, file), 'utf8')).packages,
    );
    const named = Object.keys({ ...dependencies, ...peerDependencies });
    expect(loaded.filter((other) => !named.includes(other))).toEqual([]);
  });
});

describe('the client, installed alone', () => {
  const project = mkdtempSync(join(folder, 'project-'));
  beforeAll(() => {
    const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', join(packages, 'client')], folder));
    writeFileSync(join(project, 'package.json'), '{ "name": "a-user", "private": true, "type": "module" }');
    run('npm', ['install', '--offline', '--no-audit', join(folder, filename)], project);
  });

  it('carries the schema for codegen', () => {
    const schema = join(project, 'node_modules/tandem-client/schema.graphql');
    expect(readFileSync(schema, 'utf8')).toBe(readFileSync(join(root, 'docs/schema.graphql'), 'utf8'));
  });

  it('brings nothing else', () => {
    const installed = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(installed).toEqual(['tandem-client']);
  });

  it('asks and follows a server', async () => {
    const server = await InstalledServer.start(folder, { TANDEM_ADAPTER: 'cpu' }, join(root, 'dist/src/cli/main.js'));
    try {
      writeFileSync(join(project, 'program.js'), program);
      const output = run(process.execPath, ['program.js', server.url], project);
      expect(JSON.parse(output)).toEqual({
        version: manifestOf('client').version,
        done: true,
        refused: 'BAD_USER_INPUT',
      });
    } finally {
      await server.stop();
    }
  });

  it.each([
    ['bundler', 'ESNext'],
    ['nodenext', 'NodeNext'],
  ])('type-checks under the module resolution %s', (moduleResolution, module) => {
    writeFileSync(join(project, 'typed.ts'), typed);
    const options = { moduleResolution, module, strict: true, noEmit: true, target: 'ES2022', types: [] };
    const config = { compilerOptions: { ...options, lib: ['ES2022', 'DOM'] }, files: ['typed.ts'] };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], project);
    writeFileSync(join(project, 'typed.ts'), typed.replace('version: string', 'version: number'));
    expect(() => run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], project)).toThrow(
      /TS2322/,
    );
  });
});

const program = `
import { ApiError, createClient, RunDocument, SystemDocument, VerificationDocument } from 'tandem-client';
const client = createClient({ url: process.argv[2] });
const { system } = await client.execute(SystemDocument, {});
let last;
for await (const { verification } of client.subscribe(VerificationDocument, {})) last = verification;
const refused = await client.execute(RunDocument, { id: 'UnVuOng=' }).catch((error) => error);
if (!(refused instanceof ApiError)) throw refused;
console.log(JSON.stringify({ version: system.version, done: last.done === last.total, refused: refused.code }));
`;

const typed = `
import { createClient, RunEventsDocument, SystemDocument } from 'tandem-client';
const client = createClient({ url: 'http://127.0.0.1:4000' });
const { system } = await client.execute(SystemDocument, {});
export const version: string = system.version;
for await (const { runEvents } of client.subscribe(RunEventsDocument, { runId: 'x' })) {
  if (runEvents.__typename === 'RunStep') console.log(runEvents.loss.toFixed(3));
}
`;
