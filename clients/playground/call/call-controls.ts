import { button, element } from '../view/element.js';
import { callOutcome } from './call-outcome.js';
import type { CallRunner } from './call-runner.js';
import { rateText } from './message-rate.js';

export interface CallControlsOptions {
  readonly runner: CallRunner;
  /** The request, or undefined where it cannot be sent; the editor shows why. */
  readonly readMessage: () => unknown;
  readonly readHeaders: () => Record<string, string> | undefined;
  /** A message was sent, or a call begun, with this request. */
  readonly used: () => void;
}

export interface CallControls {
  readonly root: HTMLElement;
  readonly outcome: HTMLElement;
  /** Starts the call, or sends the next message of a call that is open: what Ctrl+Enter does. */
  submit(): void;
  close(): void;
}

/** How often the count and the rate are written, in milliseconds: often enough to read along. */
const COUNT_EVERY_MS = 250;
/** How often a screen reader is told how many messages have come, in milliseconds. */
const TELL_EVERY_MS = 15_000;

/** The buttons of a method's kind, and how many messages come. */
export function createCallControls({
  runner,
  readMessage,
  readHeaders,
  used,
}: CallControlsOptions): CallControls {
  const { kind } = runner.method;
  const sends = kind === 'client_stream' || kind === 'bidi_stream';
  const count = element('p', { class: 'count quiet' });
  const outcome = element('div', { class: 'outcome-place', role: 'status', 'aria-label': 'Outcome' });
  const told = element('p', { class: 'unseen', role: 'status' });
  let timer: ReturnType<typeof setInterval> | undefined;
  let toldMs = 0;

  const start = () => {
    if (runner.isRunning) return;
    const request = sends ? {} : readMessage();
    const headers = request === undefined ? undefined : readHeaders();
    if (request === undefined || headers === undefined) return;
    if (!sends) used();
    runner.start(request, headers);
  };
  const send = async () => {
    const message = readMessage();
    if (message === undefined) return;
    if (!runner.isRunning) start();
    if (!runner.isRunning || runner.isHalfClosed) return;
    used();
    await runner.send(message);
  };
  const startButton = button(sends ? 'Open' : 'Call', { class: sends ? undefined : 'primary' }, start);
  const sendButton = button('Send', { class: 'primary' }, () => void send());
  const halfCloseButton = button(
    'Half-close',
    { title: 'Send no more messages; answers still come' },
    () => void runner.halfClose(),
  );
  const pauseButton = button('Pause', { title: 'Take no messages, so that the service pauses' }, () =>
    runner.isPaused ? runner.resume() : runner.pause(),
  );
  const cancelButton = button('Cancel', {}, () => runner.cancel());

  const showCount = () => {
    const { received, sent } = runner.records;
    const words = [`${received.toLocaleString('en')} ${received === 1 ? 'message' : 'messages'}`];
    if (sends) words.push(`${sent.toLocaleString('en')} sent`);
    const rate = runner.received.perSecond(performance.now());
    if (runner.isPaused && runner.isRunning) words.push('paused');
    else if (runner.isRunning && rate !== undefined) words.push(rateText(rate));
    count.textContent = words.join(' · ');
  };
  const show = () => {
    const { isRunning } = runner;
    startButton.disabled = isRunning;
    sendButton.disabled = isRunning && runner.isHalfClosed;
    halfCloseButton.disabled = !isRunning || runner.isHalfClosed;
    pauseButton.disabled = !isRunning;
    pauseButton.textContent = runner.isPaused && isRunning ? 'Resume' : 'Pause';
    cancelButton.disabled = !isRunning;
    cancelButton.textContent = runner.location === '' ? 'Cancel' : 'Leave';
    showCount();
  };
  const unsubscribe = runner.subscribe({
    started() {
      outcome.replaceChildren(element('p', { class: 'outcome running' }, 'running'));
      toldMs = performance.now();
      timer = setInterval(() => {
        showCount();
        if (performance.now() - toldMs < TELL_EVERY_MS) return;
        toldMs = performance.now();
        told.textContent = count.textContent;
      }, COUNT_EVERY_MS);
      show();
    },
    changed: show,
    ended(result, durationMs) {
      clearInterval(timer);
      outcome.replaceChildren(callOutcome(result, (durationMs / 1000).toFixed(2)));
      show();
    },
  });
  show();
  count.textContent = '';

  const buttons = [startButton];
  if (sends) buttons.push(sendButton, halfCloseButton);
  if (kind === 'server_stream' || kind === 'bidi_stream') buttons.push(pauseButton);
  buttons.push(cancelButton);
  return {
    root: element(
      'div',
      { class: 'controls' },
      element('div', { class: 'buttons' }, ...buttons),
      count,
      told,
    ),
    outcome,
    submit: sends ? () => void send() : start,
    close() {
      unsubscribe();
      clearInterval(timer);
      runner.close();
    },
  };
}
