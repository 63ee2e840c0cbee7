import type { Client } from '../browser/index.js';
import { callOutcome } from './call-outcome.js';
import { button, element } from './element.js';
import { createMessageLog } from './message-log.js';
import { type RunningCall, startCall } from './running-call.js';
import type { MethodEntry } from './services.js';

export interface CallControlsOptions {
  readonly client: Client;
  readonly method: MethodEntry;
  /** The request in the editor; undefined if it is not JSON, which the panel shows. */
  readonly readMessage: () => unknown;
  readonly readHeaders: () => Record<string, string> | undefined;
}

export interface CallControls {
  readonly root: HTMLElement;
  /** Starts the call, or sends the next message of a call that is open: what Ctrl+Enter does. */
  submit(): void;
  close(): void;
}

/** How often the message rate is updated, in milliseconds. */
const RATE_EVERY_MS = 500;

/** The buttons for a method's kind, the messages and the outcome. At most one call runs at a time. */
export function createCallControls(options: CallControlsOptions): CallControls {
  const { client, method, readMessage, readHeaders } = options;
  const sends = method.kind === 'client_stream' || method.kind === 'bidi_stream';
  const log = createMessageLog(() => showCount());
  const count = element('p', { class: 'count quiet' });
  const outcome = element('div', { role: 'status', 'aria-label': 'Outcome' });
  let call: RunningCall | undefined;
  let paused = false;
  let halfClosed = false;
  /** Messages per second; undefined while no call runs. */
  let rate: number | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  const start = () => {
    const request = sends ? {} : readMessage();
    const headers = request === undefined ? undefined : readHeaders();
    if (call !== undefined || request === undefined || headers === undefined) return;
    const startMs = performance.now();
    log.clear();
    paused = false;
    halfClosed = false;
    outcome.replaceChildren(element('p', { class: 'outcome running' }, 'running'));
    const running = startCall({
      client,
      method,
      request,
      headers,
      events: {
        onMessage: (message) => log.add('received', message),
        onNote: (text) => log.add('note', text),
        onEnd(end) {
          if (call !== running) return;
          call = undefined;
          clearInterval(timer);
          rate = undefined;
          log.draw();
          outcome.replaceChildren(callOutcome(end, ((performance.now() - startMs) / 1000).toFixed(2)));
          show();
        },
      },
    });
    call = running;
    let before = 0;
    rate = 0;
    showCount();
    timer = setInterval(() => {
      rate = ((log.received - before) * 1000) / RATE_EVERY_MS;
      before = log.received;
      showCount();
    }, RATE_EVERY_MS);
    show();
  };
  const send = async () => {
    if (call === undefined) start();
    const message = readMessage();
    if (message === undefined || call?.send === undefined || halfClosed) return;
    log.add('sent', message);
    // The outcome of the call shows why it failed.
    await call.send(message).catch(() => undefined);
  };
  const halfClose = async () => {
    halfClosed = true;
    show();
    log.add('note', 'half-closed: the page sends no more messages');
    await call?.halfClose?.().catch(() => undefined);
  };
  const togglePause = () => {
    paused = !paused;
    if (paused) call?.pause?.();
    else call?.resume?.();
    show();
  };
  const cancel = () => call?.cancel();

  const startButton = button(sends ? 'Open' : 'Call', { class: sends ? undefined : 'primary' }, start);
  const sendButton = button('Send', { class: 'primary' }, () => void send());
  const halfCloseButton = button('Half-close', {}, () => void halfClose());
  const pauseButton = button(
    'Pause',
    { title: 'Stop reading messages, so that the service pauses' },
    togglePause,
  );
  const cancelButton = button('Cancel', {}, cancel);
  const show = () => {
    const running = call !== undefined;
    startButton.disabled = running;
    sendButton.disabled = running && halfClosed;
    halfCloseButton.disabled = !running || halfClosed;
    pauseButton.disabled = !running;
    pauseButton.textContent = paused && running ? 'Resume' : 'Pause';
    cancelButton.disabled = !running;
  };
  const showCount = () => {
    const received = log.received;
    const words = [`${received.toLocaleString('en')} ${received === 1 ? 'message' : 'messages'}`];
    if (rate !== undefined)
      words.push(paused ? 'paused' : `${Math.round(rate).toLocaleString('en')} per second`);
    if (!log.complete) words.push('only the newest are shown');
    count.textContent = words.join(' · ');
  };
  show();

  const buttons = [startButton];
  if (sends) buttons.push(sendButton, halfCloseButton);
  if (method.kind === 'server_stream' || method.kind === 'bidi_stream') buttons.push(pauseButton);
  buttons.push(cancelButton);
  return {
    root: element(
      'div',
      { class: 'call' },
      element('div', { class: 'buttons' }, ...buttons),
      count,
      log.list,
      outcome,
    ),
    submit: sends ? () => void send() : start,
    close() {
      clearInterval(timer);
      const running = call;
      call = undefined;
      running?.cancel();
    },
  };
}
