import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('the settings', () => {
  const folder = temporaryFolder();

  it("take the hub's token from the variable, else from the file of a login", async () => {
    await mkdir(join(folder(), 'huggingface'));
    await writeFile(join(folder(), 'huggingface', 'token'), 'hf_login\n');
    const tokenOf = (environment: NodeJS.ProcessEnv) => loadConfig(environment).hub.token;
    const login = { HF_HOME: join(folder(), 'huggingface') };
    expect(tokenOf(login)).toBe('hf_login');
    expect(tokenOf({ XDG_CACHE_HOME: folder() })).toBe('hf_login');
    expect(tokenOf({ HF_HOME: '/nowhere', HF_TOKEN_PATH: join(folder(), 'huggingface', 'token') })).toBe('hf_login');
    expect(tokenOf({ ...login, HF_TOKEN: ' hf_own ' })).toBe('hf_own');
    expect(tokenOf({ ...login, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toBeUndefined();
    expect(tokenOf({ HF_HOME: '/nowhere' })).toBeUndefined();
  });
});

describe('the settings of access', () => {
  const accessOf = (environment: NodeJS.ProcessEnv) => loadConfig({ HF_HOME: '/nowhere', ...environment }).access;
  const key = { TANDEM_AUTH: 'required' };

  it('let only this machine in by default', () => {
    expect(accessOf({})).toEqual({
      ...{ auth: 'optional', host: '127.0.0.1', hosts: [], origins: [], rate: { perMinute: 6_000, burst: 1_000 } },
      ...{ introspection: true, graphiql: true, documents: null },
    });
    expect(
      ['localhost', '127.0.0.1', '127.0.0.2', '::1', '[::1]'].map((host) => accessOf({ TANDEM_HOST: host }).host),
    ).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.2', '::1', '::1']);
  });

  it.each([
    ['TANDEM_HOST', '0.0.0.0'],
    ['TANDEM_HOST', '::'],
    ['TANDEM_HOST', '192.168.1.5'],
    ['TANDEM_HOST', '::ffff:127.0.0.1'],
    ['TANDEM_HOSTS', 'tandem.example.org'],
  ])('let others in by %s=%s only with keys', (field, value) => {
    expect(() => accessOf({ [field]: value })).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        details: { field, expected: expect.stringContaining('TANDEM_AUTH=required'), remedy: expect.any(String) },
      }),
    );
    expect(accessOf({ ...key, [field]: value })).toMatchObject({ auth: 'required' });
  });

  it('read lists, rates and documents', () => {
    const given = {
      TANDEM_HOSTS: 'Tandem.example.org, gpu.lan:4000 [::1]:80',
      TANDEM_ORIGINS: 'http://localhost:5173',
    };
    expect(accessOf({ ...key, ...given })).toMatchObject({
      hosts: ['tandem.example.org', 'gpu.lan:4000', '[::1]:80'],
      origins: ['http://localhost:5173'],
    });
    expect(accessOf({ TANDEM_RATE: 'off' }).rate).toBeNull();
    expect(accessOf({ TANDEM_RATE: '600/60' }).rate).toEqual({ perMinute: 600, burst: 60 });
    expect(accessOf({ TANDEM_RATE: '600' }).rate).toEqual({ perMinute: 600, burst: 100 });
    const documents = { TANDEM_DOCUMENTS_ONLY: 'on', TANDEM_DOCUMENTS: '/app/documents.json' };
    expect(accessOf({ ...key, ...documents }).documents).toEqual({ file: '/app/documents.json', only: true });
    const needed = expect.objectContaining({ expected: expect.stringContaining('TANDEM_AUTH=required') });
    expect(() => accessOf(documents)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', details: needed }));
    const only = { ...key, TANDEM_DOCUMENTS_ONLY: 'on' };
    expect(() => accessOf(only)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  it('reads the size of the largest upload, in bytes or with a unit', () => {
    const sizeOf = (TANDEM_UPLOAD?: string) => loadConfig({ TANDEM_UPLOAD }).uploadBytes;
    expect([sizeOf(), sizeOf('1000'), sizeOf('500 MiB'), sizeOf('2gib'), sizeOf('off')]).toEqual([
      ...[8 * 2 ** 30, 1_000, 500 * 2 ** 20, 2 * 2 ** 30],
      null,
    ]);
    for (const wrong of ['0', '-1', '8 GB', '1.5 GiB', '999999999999 TiB']) {
      expect(() => sizeOf(wrong)).toThrow(/TANDEM_UPLOAD is/);
    }
  });
});
