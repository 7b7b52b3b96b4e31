/** A page of a real browser, which tests click through and take pictures of. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

interface OpenPage {
  readonly page: Page;
  /** Errors of the page that nobody caught. */
  readonly errors: readonly string[];
  /** Keeps a picture of the page in test/frontends/screenshots. */
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

/** An empty page; CHROMIUM names another browser than that of Debian. */
export async function openPage(): Promise<OpenPage> {
  const browser: Browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(60_000);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  return { page, errors, picture: (name) => keepPicture(page, name), close: () => browser.close() };
}

async function keepPicture(page: Page, title: string): Promise<void> {
  const folder = join(import.meta.dirname, 'screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${title}.png`) });
}
