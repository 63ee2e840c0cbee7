// A client stream: readings go one by one on one call, and its one answer is the summary.
import type { Call } from '../browser/index.js';
import { client, fail, find, make, SERVICE, say } from './scene.js';

type Summary = Readonly<Record<string, unknown>>;

const NAMES: Readonly<Record<string, string>> = {
  totalReadings: 'Readings',
  avgTemperature: 'Mean temperature, °C',
  avgHumidity: 'Mean humidity, %',
  avgPressure: 'Mean pressure, hPa',
  startTime: 'First reading',
  endTime: 'Last reading',
};

const sent = find('sent', HTMLOutputElement);
let running: Call<Summary> | undefined;
let count = 0;

function call(): Call<Summary> {
  if (running === undefined) {
    running = client.call<Record<string, unknown>>(`${SERVICE}/CollectSensorData`);
    count = 0;
    find('summary', HTMLElement).replaceChildren();
  }
  return running;
}

const numberIn = (id: string) => find(id, HTMLInputElement).valueAsNumber;

/** Waits until the service has room: a slow service slows the page. */
async function send(spread: number): Promise<void> {
  const near = (id: string) => numberIn(id) + spread * (Math.random() - 0.5);
  await call().send({
    sensorId: find('sensor', HTMLInputElement).value,
    temperature: near('temperature'),
    humidity: near('humidity'),
    pressure: near('pressure'),
    timestamp: new Date().toISOString(),
  });
  count += 1;
  sent.textContent = String(count);
}

async function finish(): Promise<void> {
  const ending = call();
  running = undefined;
  await ending.end();
  const summary = await ending.result();
  const shown = Object.entries(NAMES).flatMap(([field, name]) => {
    const value = summary[field];
    const text = typeof value === 'number' ? String(Math.round(value * 100) / 100) : String(value ?? 'none');
    return [make('dt', {}, name), make('dd', { id: field }, text)];
  });
  find('summary', HTMLElement).replaceChildren(...shown);
  say('finished');
}

/** One thing after the other, so that the summary has what was sent before it. */
let last = Promise.resolve();
function then(work: () => Promise<void>): void {
  last = last.then(work).catch((reason: unknown) => {
    running = undefined;
    fail(reason);
  });
}

find('reading', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  then(() => send(0));
});
find('many', HTMLButtonElement).addEventListener('click', () => {
  for (let at = 0; at < 100; at += 1) then(() => send(2));
});
find('finish', HTMLButtonElement).addEventListener('click', () => then(finish));
