import type { Page } from 'puppeteer-core';
import { until } from './open-page.js';

/** The view of all messages as JSON. */
const TIME_LINE = '[role=tabpanel][id$=-json]';

/** The parts of the page that a person uses. What is not there yet is waited for. Events are the page's own, so nothing has to stand still. */
export function partsOf(page: Page) {
  const texts = (selector: string) =>
    page.$$eval(selector, (found) => found.map((one) => one.textContent ?? ''));
  const text = async (selector: string) => {
    await page.waitForSelector(selector);
    return (await texts(selector)).join('\n');
  };
  const messages = async () =>
    (await texts(`${TIME_LINE} tr.received:not([hidden]) td:nth-child(3)`))
      .reverse()
      .map((one) => JSON.parse(one));
  const press = async (selector: string) => {
    await page.waitForSelector(selector);
    await page.$eval(selector, (one) => (one as unknown as { click(): void }).click());
  };
  const field = (name: string) =>
    `::-p-xpath(//label[span[.="${name}"]]//*[self::textarea or self::input] | //main//input[@placeholder="${name}"])`;
  const buttonNamed = (name: string) => `::-p-xpath(//main//button[.="${name}"])`;
  const control = (name: string) =>
    `::-p-xpath(//main//*[contains(@class, "row")][div[1]/span[.="${name}"]]//*[self::textarea or self::input or self::select])`;
  const link = (name: string) => `::-p-xpath(//nav//a[span[1][.="${name}"]])`;
  const title = (name: string) => page.waitForSelector(`::-p-xpath(//main//h2[.="${name}"])`);
  return {
    text,
    texts,
    title,
    /** Waits for the link of a method. */
    link: (name: string) => page.waitForSelector(link(name)),
    /** Opens a method by its link. */
    async open(name: string) {
      await press(link(name));
      await title(name);
    },
    click: (name: string) => press(buttonNamed(name)),
    /** Whether a button can be pressed. */
    async enabled(name: string) {
      const button = await page.waitForSelector(buttonNamed(name));
      return (await button?.evaluate((one) => !(one as unknown as { disabled: boolean }).disabled)) ?? false;
    },
    async fill(name: string, value: string) {
      await page.waitForSelector(field(name));
      await page.$eval(
        field(name),
        (one, given) => {
          (one as unknown as { value: string }).value = given;
          one.dispatchEvent(new Event('input', { bubbles: true }));
        },
        value,
      );
    },
    /** Sets the control of a field of the form, as a person would. */
    async set(name: string, value: string) {
      await page.waitForSelector(control(name));
      await page.$eval(
        control(name),
        (one, given) => {
          const input = one as unknown as { value: string; tagName: string };
          input.value = given;
          one.dispatchEvent(new Event(input.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
        },
        value,
      );
    },
    /** Presses a button of a field of the form: the first of that name. */
    clickIn: (name: string, text: string) =>
      press(
        `::-p-xpath((//main//*[contains(@class, "row")][div[1]/span[.="${name}"]]//button[.="${text}"])[1])`,
      ),
    /** What the form says of a field; empty when it is fine. */
    async problemOf(name: string) {
      const row = `::-p-xpath(//main//*[contains(@class, "row")][div[1]/span[.="${name}"]]/div[2]/p[contains(@class, "problem")])`;
      await page.waitForSelector(row);
      return page.$eval(row, (one) => one.textContent ?? '');
    },
    /** The problem of the request as a whole. */
    alert: () => text('[role=alert]:not([hidden])'),
    /** What the control of a field shows. */
    async shown(name: string) {
      await page.waitForSelector(control(name));
      return page.$eval(control(name), (one) => (one as unknown as { value: string }).value);
    },
    /** What stands in the JSON beside the form. */
    json: async () =>
      JSON.parse(
        await page.$eval(field('Request as JSON'), (one) => (one as unknown as { value: string }).value),
      ),
    tab: (name: string) => press(`::-p-xpath(//main//*[@role="tab"][.="${name}"])`),
    /** Ctrl+Enter in a field. */
    async submit(name: string) {
      await page.focus(field(name));
      await page.keyboard.down('Control');
      await page.keyboard.press('Enter');
      await page.keyboard.up('Control');
    },
    /** Waits until this text is there somewhere. */
    shows: (wanted: string) =>
      page.waitForFunction(
        (given) =>
          (
            globalThis as unknown as { document: { body: { textContent: string } } }
          ).document.body.textContent.includes(given),
        { polling: 50 },
        wanted,
      ),
    /** The messages that came, parsed, oldest first; of many the newest dozen. */
    messages,
    /** The same of a call that got so many: the page draws a little after it says how the call ended. */
    async received(count: number) {
      await until(async () => (await messages()).length === count);
      return await messages();
    },
    /** What the rows in sight have in a column of a view, from the top. */
    cells: (view: string, column: number) =>
      texts(`[role=tabpanel][id$=-${view}] tbody tr:not([hidden], .space) td:nth-child(${column})`),
    /** The number of the newest message on the time line, where messages begin with one. */
    newest: async () =>
      Number(
        /"number":"(\d+)"/.exec(
          (await texts(`${TIME_LINE} tr.received:not([hidden]) td:nth-child(3)`))[0] ?? '',
        )?.[1],
      ),
    /** How many came, as the page counts. */
    count: async () => Number((await text('.count')).replaceAll(',', '').match(/^\d+/)?.[0]),
    verdict: () => text('.outcome strong'),
  };
}
