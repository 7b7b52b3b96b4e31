/** A complete app of docs/examples: installed, built, served by Vite, and open in a real browser. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Page } from 'playwright-core';
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
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    vite.kill();
  };
  try {
    const url = await addressOf(vite);
    browser = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(60_000);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    return { url, page, errors, close, picture: (title) => keepPicture(page, `${name}-${title}`) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function keepPicture(page: Page, title: string): Promise<void> {
  const folder = join(import.meta.dirname, 'screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${title}.png`) });
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
