import { headersFromText } from '../json/request-input.js';
import type { CallTypes, PageSchema } from '../schema/page-schema.js';
import type { MethodEntry } from '../schema/services.js';
import { copyButton } from '../view/copy-button.js';
import { element } from '../view/element.js';
import { curlCommand } from './curl-command.js';

export interface SharePartOptions {
  readonly method: MethodEntry;
  readonly types: CallTypes | undefined;
  readonly schema: PageSchema | undefined;
  readonly gatewayAddress: string;
  readonly draft: { readonly request: string; readonly headers: string };
}

export interface SharePart {
  readonly root: HTMLElement;
  /** The draft has changed. */
  changed(): void;
}

/** The same call elsewhere. */
export function createSharePart({ method, gatewayAddress, draft }: SharePartOptions): SharePart {
  const text = element('pre', { class: 'curl', tabindex: '0' });
  const changed = () => {
    let headers: Record<string, string> = {};
    try {
      headers = headersFromText(draft.headers);
    } catch {
      // A line that is still being typed. Starting the call reports the error.
    }
    const url = `${gatewayAddress}${method.path}`;
    text.textContent = curlCommand({ kind: method.kind, url, headers, body: draft.request });
  };
  changed();
  return {
    root: element(
      'details',
      { class: 'card share' },
      element('summary', {}, 'The same call with curl'),
      text,
      copyButton('Copy', () => text.textContent ?? ''),
    ),
    changed,
  };
}
