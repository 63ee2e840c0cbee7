import type { CallRunner } from '../call/call-runner.js';
import { exactJson } from '../json/exact-json.js';
import { isMembers, type Json } from '../json/json-value.js';
import { headersFromText } from '../json/request-input.js';
import type { CallTypes } from '../schema/page-schema.js';
import { copyButton } from '../view/copy-button.js';
import { element } from '../view/element.js';
import { createTabs } from '../view/tabs.js';
import { callCopies } from './call-copies.js';
import { hashFromCall } from './call-link.js';
import { queryFromRequest } from './query-text.js';
import { withoutSecrets } from './without-secrets.js';

/** So many messages of a stream are part of what is copied. */
const MAX_MESSAGES = 20;

export interface SharePartOptions {
  readonly runner: CallRunner;
  readonly types: CallTypes | undefined;
  readonly gatewayAddress: string;
  readonly draft: { readonly request: string; readonly headers: string };
}

export interface SharePart {
  readonly root: HTMLElement;
  /** Copies the address of the page with this call in it. */
  readonly linkButton: HTMLElement;
  /** The draft has changed. */
  changed(): void;
  close(): void;
}

/** The same call elsewhere: as a link, and for other programs. A stream of messages is what was sent in the last call, or the one in the editor. */
export function createSharePart({ runner, types, gatewayAddress, draft }: SharePartOptions): SharePart {
  const { method } = runner;
  let sent: string[] = [];

  const copies = () => {
    let headers: Record<string, string> = {};
    try {
      headers = headersFromText(draft.headers);
    } catch {
      // A line that is still being typed. Starting the call reports the error.
    }
    const messages = sent.length > 0 ? sent : [draft.request];
    return callCopies({
      kind: method.kind,
      path: method.path,
      gatewayAddress,
      headers,
      messages,
      query: method.safe ? queryOf(types, messages[0] ?? '{}') : undefined,
    });
  };
  const texts = new Map<string, HTMLElement>();
  const content = (id: string, name: string, where: string) => {
    const text = element('pre', { class: id, tabindex: '0', 'aria-label': `The call with ${name}` });
    texts.set(id, text);
    return element(
      'div',
      { class: 'copy' },
      element(
        'div',
        { class: 'tools' },
        copyButton('Copy', () => text.textContent ?? ''),
        element('span', { class: 'quiet' }, where),
      ),
      text,
    );
  };
  // With a query: whether there is one changes while a person types.
  const all = callCopies({
    kind: method.kind,
    path: method.path,
    gatewayAddress,
    headers: {},
    messages: ['{}'],
    query: method.safe ? '' : undefined,
  });
  const tabs = createTabs(
    'The same call in other programs',
    all.map(({ id, name, where }) => ({ id, name, content: content(id, name, where) })),
    () => undefined,
  );
  const changed = () => {
    const made = new Map(copies().map(({ id, text }) => [id, text]));
    for (const [id, text] of texts) {
      text.textContent = made.get(id) ?? 'This request has parts that no address can carry.';
    }
  };
  const unsubscribe = runner.subscribe({
    started() {
      sent = [];
    },
    recorded({ direction, text }) {
      if (direction !== 'sent' || sent.length >= MAX_MESSAGES) return;
      sent.push(text);
      changed();
    },
  });
  changed();
  const link = () => {
    const request = cleanedText(draft.request, types);
    return new URL(hashFromCall({ path: method.path, request }), location.href).href;
  };
  return {
    root: element(
      'details',
      { class: 'card share', open: true },
      element('summary', {}, 'The same call elsewhere'),
      tabs.root,
    ),
    linkButton: copyButton('Copy link', link),
    changed,
    close: unsubscribe,
  };
}

/** A request on one line and without secrets; undefined for what is no JSON. */
export function cleanedText(request: string, types: CallTypes | undefined): string | undefined {
  try {
    const value = exactJson(request) as Json;
    return isMembers(value) ? JSON.stringify(withoutSecrets(value, types?.input)) : undefined;
  } catch {
    return undefined;
  }
}

function queryOf(types: CallTypes | undefined, request: string): string | undefined {
  try {
    return types && queryFromRequest(types.input, exactJson(request));
  } catch {
    return undefined;
  }
}
