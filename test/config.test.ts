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
