/** A complete app of docs/examples: installed, built, served by Vite, and open in a real browser. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { openPage } from './browser.ts';
import { install, root, run } from './install.mjs';

export interface ExampleApp {
  readonly url: string;
  readonly page: Page;
  /** Errors of the page that nobody caught. */
  readonly errors: readonly string[];
  /** Keeps a picture of the page in test/frontends/screenshots. */
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

interface ExampleOptions {
  /** The port of the page; default any. */
  readonly port?: number;
  /** Whether the page asks the server itself, across origins, instead of Vite, which passes requests on. */
  readonly direct?: boolean;
}

/** Opens the app of docs/examples/NAME over the server at this address. */
export async function openExample(
  name: string,
  server: string,
  { port = 0, direct = false }: ExampleOptions = {},
): Promise<ExampleApp> {
  const folder = join(root, 'docs/examples', name);
  install(folder);
  run('npm', ['run', 'build'], folder, direct ? { VITE_TANDEM_URL: server } : {});
  const vite = spawn(process.execPath, ['node_modules/vite/bin/vite.js', 'preview', '--port', String(port)], {
    cwd: folder,
    env: { ...process.env, TANDEM_URL: server, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let opened: Awaited<ReturnType<typeof openPage>> | undefined;
  const close = async (): Promise<void> => {
    await opened?.close();
    vite.kill();
  };
  try {
    const url = await addressOf(vite);
    opened = await openPage();
    const { page, errors, picture } = opened;
    return { url, page, errors, close, picture: (title) => picture(`${name}-${title}`) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The address that Vite prints. Throws where it ends without one. */
async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('Vite has no output');
  for await (const line of createInterface(stdout)) {
    const [, url] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('Vite ended without an address');
}
