/** docs/examples/codegen as its README says: installed, typed, compiled and run against a server. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createClient, UpdateCollectionDocument } from 'tandem-client';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { makeCollections } from './collections.ts';
import { install, root, run } from './install.mjs';

const folder = join(root, 'docs/examples/codegen');

/** Starts the program; `seen` is given what it has printed, again after each piece, until it is true. */
function start(args: readonly string[], seen: (output: string) => boolean): Promise<string> {
  const env = { ...process.env, TANDEM_URL: inject('url') };
  const child = spawn('node', ['build/main.js', ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (piece: Buffer) => {
      output += piece.toString();
      if (seen(output)) child.kill();
    });
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

describe('the example of codegen', () => {
  beforeAll(() => {
    install(folder);
    run('npm', ['run', 'build'], folder);
  });

  it('prints what is there', async () => {
    await makeCollections(inject('url'), inject('alias'), 'example');
    const output = await start([], () => false);
    expect(output).toMatch(/^\d+ runs\n/);
    expect(output).toMatch(/ {2}example-a, made \d{4}-.*Z\n/);
  });

  it('follows changes', async () => {
    const [{ id }] = await makeCollections(inject('url'), inject('alias'), 'watched');
    let isChanged = false;
    const output = await start(['--watch'], (text) => {
      if (text.includes('watching') && !isChanged) {
        isChanged = true;
        const input = { id, notes: 'seen' };
        void createClient({ url: inject('url') }).execute(UpdateCollectionDocument, { input });
      }
      return text.includes(`UPDATED COLLECTION ${id}`);
    });
    expect(output).toMatch(new RegExp(`\\d+ UPDATED COLLECTION ${id}\\n`));
  });
});
