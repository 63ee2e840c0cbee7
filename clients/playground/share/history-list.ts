import { button, element } from '../view/element.js';
import type { CallHistory, PastCall } from './call-history.js';
import { hashFromCall } from './call-link.js';

export interface HistoryList {
  readonly root: HTMLElement;
  /** The history has changed. */
  show(): void;
}

/** The calls of this browser as links: each opens its method with its request. `open` is also called for a link to where the page is already. */
export function createHistoryList(history: CallHistory, open: () => void): HistoryList {
  const list = element('ol', {});
  const clear = button('Forget all', { class: 'small' }, () => {
    history.clear();
    show();
    summary.focus();
  });
  const summary = element('summary', {}, 'History');
  const root = element('details', { class: 'history' }, summary, list, clear);
  const show = () => {
    const { calls } = history;
    clear.hidden = calls.length === 0;
    list.replaceChildren(
      ...(calls.length === 0
        ? [
            element(
              'li',
              { class: 'quiet' },
              'Calls that you make are listed here, in this browser only, without headers.',
            ),
          ]
        : calls.map((call) => element('li', {}, linkTo(call, open)))),
    );
  };
  show();
  return { root, show };
}

function linkTo(call: PastCall, open: () => void): HTMLAnchorElement {
  const request = call.request === '' ? undefined : call.request;
  const hash = hashFromCall({ path: call.path, request });
  const link = element(
    'a',
    { href: hash, title: new Date(call.atMs).toLocaleString() },
    element('span', {}, call.path.slice(call.path.lastIndexOf('/') + 1)),
    element('span', { class: 'kind past' }, call.request.slice(0, 80)),
  );
  link.addEventListener('click', () => {
    if (location.hash === hash) open();
  });
  return link;
}
