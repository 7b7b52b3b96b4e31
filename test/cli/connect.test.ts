/** Which server a command finds, and that it waits for none that says nothing. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createSilent } from 'node:net';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { connect, findServer } from '../../src/cli/connect.ts';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { challengeHeader, proofHeader, proofOf, randomHex } from '../../src/server-proof.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const command = (...options: readonly string[]): Command =>
  new Command().option('--url <url>').option('--data <folder>').parse(options, { from: 'user' });

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

describe('the server of a command', () => {
  const folder = temporaryFolder();
  /** As a server leaves it, and this process is alive. */
  const note = (url: string, secret?: string) =>
    writeFile(join(folder(), 'server.json'), JSON.stringify({ url, pid: process.pid, secret }));
  const ofFolder = () => findServer(command('--data', folder()));

  it('is the one that answers; a note of one that is gone is none', async () => {
    const server = createServer((_request, response) => response.writeHead(503).end());
    const url = await listen(server);
    expect(await ofFolder()).toBeUndefined();
    await note(url);
    expect(await ofFolder()).toEqual({ url, key: undefined });
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    expect(await ofFolder()).toBeUndefined();
    expect(await findServer(command('--url', url))).toEqual({ url, key: undefined });
  });

  it('is sent a key only where it proves that it wrote the note', async () => {
    const [secret, key] = [randomHex(), 'k'.repeat(32)];
    vi.stubEnv('TANDEM_ADMIN_KEY', key);
    let known: string | undefined;
    const sent: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      sent.push(headers.authorization);
      const proof = known && proofOf(known, headers[challengeHeader]);
      response.writeHead(200, proof ? { [proofHeader]: proof } : {}).end('{}');
    });
    const url = await listen(server);
    try {
      for (const [noted, proven] of [
        [secret, undefined],
        [secret, randomHex()],
        [undefined, secret],
      ]) {
        known = proven;
        await note(url, noted);
        for (const find of [ofFolder, () => connect(command('--data', folder()))]) {
          const refusal = await find().catch((error: unknown) => error);
          const message = expect.stringContaining('does not prove that it is the server of the data folder');
          expect(refusal).toMatchObject({ code: 'UNAVAILABLE', message, details: { remedy: expect.any(String) } });
          expect(exitCodeOf(refusal)).toBe(3);
        }
      }
      known = secret;
      await note(url, secret);
      expect(await ofFolder()).toEqual({ url, key });
      expect(sent).toEqual(Array(7).fill(undefined));
    } finally {
      vi.unstubAllEnvs();
      server.close();
    }
  });

  it.each([
    ['http://user:hidden@127.0.0.1:9', 'the URL of the server has a user name or a password'],
    ['http://hidden@127.0.0.1:9', 'the URL of the server has a user name or a password'],
    ['http://user:hid/den@127.0.0.1:9', '"http://127.0.0.1:9" is no URL of HTTP'],
    ['user:hidden@127.0.0.1:9', '"127.0.0.1:9" is no URL of HTTP'],
    ['localhost:4000', '"localhost:4000" is no URL of HTTP'],
  ])('is refused by %s, without its password', async (url, message) => {
    for (const find of [findServer, connect]) {
      const refusal = await find(command('--url', url)).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining(message) });
      expect(JSON.stringify(refusal) + String(refusal)).not.toMatch(/hid|den@/);
    }
  });

  it('quotes no password of TANDEM_URL', async () => {
    vi.stubEnv('TANDEM_URL', 'http://user:hid/den@127.0.0.1:9');
    const refusal = await connect(command()).catch((error: unknown) => error);
    vi.unstubAllEnvs();
    expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', message: 'TANDEM_URL is "http://127.0.0.1:9"' });
  });

  it('is named where it accepts and says nothing', async () => {
    const server = createSilent();
    const url = await listen(server);
    try {
      await note(url);
      const refusals = await Promise.allSettled([ofFolder(), findServer(command('--url', url))]);
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({
          reason: { message: `the server at ${url} does not answer`, details: { remedy: expect.any(String) } },
        });
        expect(exitCodeOf((refusal as PromiseRejectedResult).reason)).toBe(3);
      }
    } finally {
      server.close();
    }
  }, 20_000);
});
