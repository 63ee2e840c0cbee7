import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { expected, RULES, readmeExamples } from '../browser/readme-examples.js';
import { clientFolder, openPage } from './sdk-page.js';

/** Each example of the client's README as it is, in a module that the gateway serves. */
export async function checkReadme(t: Test, browser: Browser): Promise<void> {
  const log = pino({ level: 'silent' });
  const pageDir = await clientFolder(t);
  const [setup = '', ...examples] = readmeExamples();
  t.equal(examples.length, expected.length, 'each example has its expectation');
  for (const [at, example] of examples.entries()) {
    writeFileSync(join(pageDir, 'playground', `example-${at}.js`), `${setup}\n${example}`);
  }
  const core = await openCore({ listen: '127.0.0.1:0', dataDir: join(pageDir, 'data'), log });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    pageDir,
    graceMs: 100,
    config: RULES,
    log,
  });
  closeInTeardown(t, gateway);
  const page = await openPage(t, browser, gateway.url);
  for (const [at, lines] of expected.entries()) {
    const printed = (await page.evaluate(`(async () => {
      const lines = [];
      const textOf = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
      console.log = (...values) => lines.push(values.map(textOf).join(' '));
      await import('/_sluice/page/playground/example-${at}.js');
      return lines.join('\\n');
    })()`)) as string;
    for (const line of lines) t.match(printed, line, examples[at] ?? '');
  }
}
