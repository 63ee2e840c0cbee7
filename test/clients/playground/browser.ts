import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const candidates = [process.env.CHROMIUM, '/usr/bin/chromium'];

/** The browser's file; undefined where there is none. */
export const chromiumFile = candidates.find((file) => file !== undefined && existsSync(file));

/** What a test without a browser says. */
export const noChromium = "no chromium: install Debian's package chromium or set CHROMIUM";

/** A headless browser that talks to nobody but the page. Whoever opens it closes it. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    ...(chromiumFile === undefined ? {} : { executablePath: chromiumFile }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
