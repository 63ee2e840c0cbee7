import type { CallRunner } from '../call/call-runner.js';
import { button, element } from '../view/element.js';
import type { KeptCall } from './kept-call.js';

export interface GoOnOptions {
  readonly runner: CallRunner;
  readonly readRequest: () => unknown;
  readonly readHeaders: () => Record<string, string> | undefined;
}

/** What becomes of a call that ran before the page was loaded again. */
export interface GoOnPart {
  readonly root: HTMLElement;
  /** The call goes on after the last message that was shown; where the page has not kept all of it, a person is asked for the rest. */
  goOn(kept: KeptCall): void;
  close(): void;
}

export function createGoOnPart({ runner, readRequest, readHeaders }: GoOnOptions): GoOnPart {
  const root = element('p', { class: 'go-on', hidden: true, role: 'status' });
  const hide = () => {
    root.hidden = true;
  };
  const start = (kept: KeptCall, request: unknown, headers: Record<string, string> | undefined) => {
    if (request === undefined || headers === undefined) return;
    runner.detach(kept.detach);
    runner.start(request, headers, kept);
  };
  return {
    root,
    goOn(kept) {
      const isWhole = !kept.hadHeaders && (!kept.hadSecrets || kept.location !== '');
      if (isWhole) return start(kept, JSON.parse(kept.request), {});
      root.replaceChildren(
        element(
          'span',
          {},
          'A call ran here before the page was loaded again. Its headers and secrets are not kept: write them again. ',
        ),
        button('Go on', { class: 'small' }, () =>
          start(kept, kept.location === '' ? readRequest() : {}, readHeaders()),
        ),
      );
      root.hidden = false;
    },
    close: runner.subscribe({ started: hide }),
  };
}
