import { pino } from 'pino';
import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { openGateway, type Schema, schemaFromProtoFiles } from '../../../gateway/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { goTo, openTab } from './open-browser.js';

const log = pino({ level: 'silent' });

const PAGE = '/_sluice/page/playground/page.js';

export interface OpenedPage {
  readonly page: Page;
  readonly url: string;
}

/**
 * The page before a gateway before the service at this address. Fails the test when the page throws, or does what its Content-Security-Policy forbids.
 * `schema`: else the service describes itself.
 */
export async function openPageOf(
  t: Test,
  browser: Browser,
  { pageDir, upstream, schema }: { pageDir: string; upstream: string; schema?: Schema },
): Promise<OpenedPage> {
  const gateway = await openGateway({
    upstream,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    pageDir,
    graceMs: 100,
    log,
    ...(schema === undefined ? {} : { schema }),
  });
  closeInTeardown(t, gateway);
  const page = await openTab(browser);
  t.teardown(() => page.close().catch(() => undefined));
  page.on('pageerror', (error) => {
    // Firefox says so of each WebSocket that it is refused, also of those that a test has refused.
    if (!String(error).includes(BLOCKED_PATH)) t.fail(`the page threw ${error}`);
  });
  page.on('console', (line) => {
    if (/Content.Security.Policy/i.test(line.text())) t.fail(line.text());
  });
  await goTo(t, page, gateway.url, PAGE);
  return { page, url: gateway.url };
}

/** Where a test leads a WebSocket that is to find no gateway. */
export const BLOCKED_PATH = '/_sluice/blocked';

/** The schema of `.proto` files that import those of the project. */
export function schemaOf(...files: readonly string[]): Promise<Schema> {
  return schemaFromProtoFiles(files, ['proto']);
}

/** Waits for what only a look can tell. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
