import type { CallRunner } from '../call/call-runner.js';
import { copyButton } from '../view/copy-button.js';
import { button, element } from '../view/element.js';

export interface DetachedPart {
  readonly root: HTMLElement;
  close(): void;
}

/** Whether a call goes on without the page, where it is then, and what stops it. Undefined for methods that are not recorded. */
export function createDetachedPart(runner: CallRunner, gatewayAddress: string): DetachedPart | undefined {
  if (!runner.method.recorded) return undefined;
  const wanted = element('input', { type: 'checkbox' });
  wanted.addEventListener('change', () => runner.detach(wanted.checked));
  const stop = button(
    'Stop for everybody',
    { class: 'small', title: 'Ends the call at the service; Leave only leaves it' },
    () => runner.stop(),
  );
  const said = element('span', { role: 'status' });
  // A whole address, for EventSource, curl, and other pages. The gateway need not know what a proxy puts before its paths, the page does.
  const whole = () => `${gatewayAddress}/_sluice/calls/${runner.location.split('/').at(-1)}`;
  const place = element('p', { class: 'place' }, said, copyButton('Copy address', whole), stop);
  const show = () => {
    wanted.checked = runner.detaches;
    wanted.disabled = runner.isRunning;
    place.hidden = runner.location === '';
    const text = runner.location === '' ? '' : `It goes on without this page at ${runner.location}`;
    if (said.textContent !== text) said.textContent = text;
  };
  show();
  return {
    root: element(
      'div',
      { class: 'detach' },
      element('label', { class: 'inline' }, wanted, element('span', {}, 'Goes on without this page')),
      place,
    ),
    close: runner.subscribe({ started: show, changed: show, located: show, ended: show }),
  };
}
