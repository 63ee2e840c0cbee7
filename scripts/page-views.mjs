// What the pictures of the page show, and what is done before each is taken. `size` and `scheme` are those of the one that is kept.
const SERVICE = '#/streaming.StreamingService/';
const scene = (name) => `_sluice/page/scenes/${name}.html`;

/** A view: where it is, what is done there, and what is to be seen. `file` is chosen in the dialog of a browser. */
export const VIEWS = [
  {
    name: 'page-form',
    at: `${SERVICE}GetStockPrices`,
    size: 'desktop',
    scheme: 'light',
    act: [press('Call'), seconds(6)],
  },
  {
    name: 'page-chart',
    at: `${SERVICE}GetStockPrices`,
    size: 'desktop',
    scheme: 'dark',
    act: [press('Call'), press('Chart'), seconds(20), show('.plot')],
  },
  {
    name: 'page-brake',
    service: 'ticks',
    at: '#/tick.v1.Ticker/Ticks',
    size: 'desktop',
    scheme: 'light',
    act: [
      fill('article textarea.json', '{"perSecond":20000,"total":100000000}'),
      press('Call'),
      seconds(3),
      choose('.speed select', '0'),
      until('.stations', 'its writes have stopped'),
      seconds(1),
      show('.stations'),
    ],
  },
  {
    name: 'page-chat',
    at: `${SERVICE}Chat`,
    size: 'desktop',
    scheme: 'light',
    act: [press('Send'), press('Send'), seconds(2), show('.virtual')],
  },
  {
    name: 'page-file',
    at: `${SERVICE}UploadFile`,
    size: 'desktop',
    scheme: 'light',
    act: [
      setField('filePath', 'pictures/harbour.jpg'),
      upload('.files input[type=file]'),
      until('.transfer [role=status]', 'checksums are equal'),
    ],
  },
  {
    name: 'page-phone',
    at: `${SERVICE}GetStockPrices`,
    size: 'phone',
    scheme: 'dark',
    act: [press('Call'), press('Chart'), seconds(15), show('.plot')],
  },
  { name: 'scene-market', at: scene('market'), size: 'scene', scheme: 'light', act: [seconds(15)] },
  {
    name: 'scene-logs',
    at: scene('logs'),
    size: 'scene',
    scheme: 'dark',
    act: [until('#entries', 'INFO|WARN|ERROR'), seconds(5)],
  },
  {
    name: 'scene-files',
    at: scene('files'),
    size: 'scene',
    scheme: 'light',
    act: [upload('#file'), tap('#send button'), until('#status', 'checksums are equal')],
  },
  {
    name: 'scene-sensors',
    at: scene('sensors'),
    size: 'scene',
    scheme: 'light',
    act: [
      tap('#reading button'),
      tap('#many'),
      until('#sent', '^101$'),
      tap('#finish'),
      until('#totalReadings', '101'),
    ],
  },
  {
    name: 'scene-batch',
    at: scene('batch'),
    size: 'scene',
    scheme: 'light',
    act: [choose('#type', 'json'), tap('#batch button'), until('#result', 'processed')],
  },
  {
    name: 'scene-chat',
    at: scene('chat'),
    size: 'scene',
    scheme: 'light',
    act: [
      tap('#join button'),
      until('#status', 'in lobby'),
      fill('#text', 'The boat is in the harbour.'),
      tap('#send'),
      until('#messages', 'harbour'),
      other(scene('chat'), [
        fill('#name', 'bob'),
        tap('#join button'),
        until('#status', 'in lobby'),
        fill('#text', 'I see it!'),
        tap('#send'),
      ]),
      until('#messages', 'I see it'),
    ],
  },
  {
    name: 'scene-game',
    at: scene('game'),
    size: 'scene',
    scheme: 'light',
    act: [
      tap('#join button'),
      until('#players', 'ann'),
      other(scene('game'), [
        fill('#player', 'bob'),
        tap('#join button'),
        until('#players', 'bob 100'),
        tap('[data-dx="1"]'),
        tap('[data-dy="1"]'),
      ]),
      until('#players', 'bob 100'),
      until('#target', 'bob'),
      choose('#target', 'bob'),
      tap('[data-action=ATTACK]'),
      until('#players', 'bob [2-9]0'),
    ],
  },
  {
    name: 'scene-editor',
    at: scene('editor'),
    size: 'scene',
    scheme: 'light',
    act: [
      type('#left', 'Two people write in one text. '),
      seconds(1),
      type('#right', 'And both see the same. '),
      seconds(1),
    ],
  },
  {
    name: 'scene-data',
    at: scene('data'),
    size: 'scene',
    scheme: 'dark',
    act: [
      tap('#start button'),
      until('#taken', '\\d\\d'),
      tap('#cut'),
      until('#resumed', 'after'),
      seconds(2),
    ],
  },
];

// What a person does; events are the page's own, so nothing has to stand still.

function press(name) {
  return async ({ page }) => {
    const button = await page.waitForSelector(`::-p-xpath(//main//button[.="${name}"])`);
    await button.evaluate((one) => one.click());
    await pause(500);
  };
}

function tap(selector) {
  return async ({ page }) => {
    await page.waitForSelector(selector);
    await page.$eval(selector, (one) => one.click());
  };
}

function fill(selector, value) {
  return async ({ page }) => {
    await page.waitForSelector(selector);
    await page.$eval(
      selector,
      (one, given) => {
        one.value = given;
        one.dispatchEvent(new Event('input', { bubbles: true }));
      },
      value,
    );
  };
}

function setField(name, value) {
  return fill(
    `::-p-xpath(//main//*[contains(@class, "row")][div[1]/span[.="${name}"]]//*[self::textarea or self::input])`,
    value,
  );
}

function choose(selector, value) {
  return async ({ page }) => {
    await page.waitForSelector(selector);
    await page.select(selector, value);
  };
}

function type(selector, text) {
  return async ({ page }) => {
    await page.waitForSelector(`${selector}:enabled`);
    await page.type(selector, text);
  };
}

function upload(selector) {
  return async ({ page, file }) => await (await page.waitForSelector(selector)).uploadFile(file);
}

/** Somebody else, in a tab of their own. */
function other(at, act) {
  return async (stage) => {
    const page = await stage.openTab(at);
    for (const one of act) await one({ ...stage, page });
    await stage.page.bringToFront();
  };
}

function until(selector, pattern) {
  return ({ page }) =>
    page.waitForFunction(
      (where, what) => new RegExp(what).test(document.querySelector(where)?.textContent ?? ''),
      { polling: 50 },
      selector,
      pattern,
    );
}

function show(selector) {
  return ({ page }) => page.$eval(selector, (one) => one.scrollIntoView({ block: 'center' }));
}

function seconds(count) {
  return () => pause(count * 1_000);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
