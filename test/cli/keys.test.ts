/** `tandem key`, and what commands send to a service that needs a key. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timeIn } from '../../src/cli/values.ts';
import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { type RunningTandem, startTandem } from '../../src/main.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { runCommand } from './tandem.ts';

const adminKey = 'an-admin-key-of-the-environment-1234';
const folder = temporaryFolder();

/** A command with its exit code, and what it printed. */
async function tandem(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const own = { TANDEM_DATA: join(folder(), 'data'), TANDEM_URL: undefined, DATABASE_URL: undefined };
  return runCommand(args, { ...own, TANDEM_AUTH: 'required', ...environment });
}

/** The keys that the first command of all made. */
let first = '';
let service: RunningTandem;
beforeAll(async () => {
  const { code, stdout, stderr } = await tandem(['key', 'create', '--name', 'root', '--role', 'admin']);
  expect([code, stderr]).toEqual([
    0,
    'note: key "root" of the role admin, which never expires; it is shown only now\n',
  ]);
  first = stdout.trim();
  const environment = { TANDEM_DATA: join(folder(), 'data'), TANDEM_PORT: '0', TANDEM_AUTH: 'required' };
  const config = loadConfig({ ...environment, TANDEM_ADMIN_KEY: adminKey });
  service = await startTandem(config, { logger: createLogger('test', 'silent') });
}, 60_000);
afterAll(() => service.close());

describe('tandem key', () => {
  it('makes the first key on a data folder that no service has, and prints nothing else', () => {
    expect(first).toMatch(/^tdm_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/);
  });

  it('makes, lists and revokes keys through the service', async () => {
    const withKey = { TANDEM_API_KEY: first };
    const made = await tandem(
      ['--json', 'key', 'create', '--name', 'ci', '--role', 'viewer', '--expires', '90d'],
      withKey,
    );
    const { key, apiKey } = JSON.parse(made.stdout) as { key: string; apiKey: { id: string; expiresAt: string } };
    const days = (Date.parse(apiKey.expiresAt) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(89.9);
    expect(days).toBeLessThan(90.1);
    const viewer = { TANDEM_API_KEY: key };
    const refused = await tandem(['key', 'list'], viewer);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('apiKeys needs the role admin, and "ci" has the role viewer');
    expect((await tandem(['key', 'revoke', 'ci'], withKey)).stdout).toContain('revoked: key "ci", VIEWER');
    const { code, stderr } = await tandem(['datasets'], viewer);
    expect([code, stderr]).toEqual([2, expect.stringContaining('The API key "ci" was revoked')]);
    const { stdout } = await tandem(['key', 'list'], withKey);
    expect(stdout).toMatch(/^ci +VIEWER +tdm_\w{8} +revoked/m);
    expect(stdout).toMatch(/^root +ADMIN +tdm_\w{8} +holds/m);
    expect(stdout).not.toContain(first.slice(-43));
  }, 30_000);

  it('takes a date, a time, or days from now', () => {
    expect(timeIn('2027-01-31')).toBe('2027-01-31T00:00:00.000Z');
    expect(timeIn('2027-01-31T12:00+02:00')).toBe('2027-01-31T10:00:00.000Z');
    expect(Math.round((Date.parse(timeIn('90d')) - Date.now()) / 86_400_000)).toBe(90);
    for (const none of ['soon', '90', '', '-1d', '2027-02-31x', '2027-02-31', '2027'])
      expect(() => timeIn(none)).toThrow('expected a date');
  });
});

describe('a command of a service that needs a key', () => {
  it('says what to do where there is none', async () => {
    const { code, stderr } = await tandem(['datasets']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/needs an API key[\s\S]*remedy: .*TANDEM_API_KEY/)]);
  });

  it("sends the admin's key of the environment to the server of its data folder, and to no other", async () => {
    const environment = { TANDEM_ADMIN_KEY: adminKey };
    expect((await tandem(['datasets'], environment)).code).toBe(0);
    const named = await tandem(['--url', service.url, 'datasets'], environment);
    expect([named.code, named.stderr]).toEqual([2, expect.stringContaining('needs an API key')]);
  });
});
