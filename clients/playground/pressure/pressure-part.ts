import type { CallRunner } from '../call/call-runner.js';
import { element } from '../view/element.js';
import { createStationLine } from './station-line.js';
import { stationsOf } from './stations.js';
import { lookFromEvent, type StreamLook } from './stream-look.js';

export interface PressurePart {
  readonly root: HTMLElement;
  close(): void;
}

/** How often the gateway is asked how the call stands, in milliseconds: often enough to see places fill up. */
const LOOK_EVERY_MS = 200;

/** Speeds of the brake, in messages a second. */
const SPEEDS: readonly (readonly [name: string, perSecond: number])[] = [
  ['full speed', Number.POSITIVE_INFINITY],
  ['100 a second', 100],
  ['10 a second', 10],
  ['1 a second', 1],
  ['stopped', 0],
];

/** A brake for a stream, and where messages wait while it is pulled: from the page through the gateway to the service, and back when it is let go. */
export function createPressurePart(runner: CallRunner, gatewayAddress: string): PressurePart | undefined {
  const { kind } = runner.method;
  if (kind !== 'server_stream' && kind !== 'bidi_stream') return undefined;
  const brake = element(
    'select',
    {},
    ...SPEEDS.map(([name, perSecond]) => element('option', { value: String(perSecond) }, name)),
  );
  const line = createStationLine();
  const said = element('p', { class: 'quiet', role: 'status' });
  const gauges = element(
    'details',
    { class: 'pressure' },
    element('summary', {}, 'Where messages wait'),
    line.root,
    said,
  );
  let events: EventSource | undefined;
  let wasStopped = false;

  const show = (look: StreamLook | undefined) => {
    if (look === undefined) return;
    line.show(stationsOf(look));
    const isStopped = look.windowLeftBytes === 0;
    // A screen reader hears of the change, not of every look.
    if (isStopped !== wasStopped)
      said.textContent = isStopped ? 'The service has stopped writing.' : 'The service may write again.';
    wasStopped = isStopped;
  };
  const stop = () => {
    events?.close();
    events = undefined;
  };
  const watch = () => {
    stop();
    const id = runner.call?.requestId;
    if (!gauges.open || id === undefined) return;
    const query = new URLSearchParams({ requestId: id, intervalMs: String(LOOK_EVERY_MS) });
    const source = new EventSource(`${gatewayAddress}/_sluice/streams?${query}`);
    events = source;
    source.addEventListener('message', ({ data }: MessageEvent<string>) => show(lookFromEvent(data)));
    source.addEventListener('error', () => {
      if (events === source && source.readyState === source.CLOSED)
        said.textContent = 'The gateway does not say where messages wait: it needs a credential for that.';
    });
  };
  const apply = () => runner.slowTo(Number(brake.value));
  brake.addEventListener('change', () => {
    // Who pulls the brake wants to see what it does.
    if (brake.value !== 'Infinity') gauges.open = true;
    apply();
  });
  gauges.addEventListener('toggle', watch);
  const unsubscribe = runner.subscribe({
    started() {
      wasStopped = false;
      said.textContent = '';
      apply();
      watch();
    },
    ended() {
      stop();
      line.clear();
    },
  });
  return {
    root: element(
      'div',
      { class: 'brake' },
      element('label', { class: 'speed' }, element('span', {}, 'Brake'), brake),
      gauges,
    ),
    close() {
      unsubscribe();
      stop();
    },
  };
}
