import type { Client } from '../browser/index.js';
import { createCallControls } from './call-controls.js';
import { curlCommand } from './curl-command.js';
import { button, element, field } from './element.js';
import { GATEWAY_ADDRESS } from './gateway-address.js';
import { KIND_NAMES } from './method-list.js';
import { headersFromText, messageFromText } from './request-input.js';
import type { MethodEntry } from './services.js';

export interface MethodPanel {
  readonly root: HTMLElement;
  /** Cancels the running call. The code that removes the panel from the page calls it. */
  close(): void;
}

/** The panel of one method: its description, the request, the controls and the answers. */
export function createMethodPanel(client: Client, method: MethodEntry): MethodPanel {
  const example = JSON.stringify(method.example, null, 2);
  const rows = Math.min(Math.max(example.split('\n').length + 1, 5), 18);
  const editor = element('textarea', { rows: String(rows), spellcheck: 'false', autocomplete: 'off' });
  editor.value = example;
  const headers = element('textarea', {
    rows: '2',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: 'authorization: Bearer …',
  });
  const problem = element('p', { class: 'problem', role: 'alert', hidden: true });
  const read = <Value>(parse: () => Value): Value | undefined => {
    try {
      const value = parse();
      problem.hidden = true;
      return value;
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : String(error);
      problem.hidden = false;
      return undefined;
    }
  };
  const controls = createCallControls({
    client,
    method,
    readMessage: () => read(() => messageFromText(editor.value)),
    readHeaders: () => read(() => headersFromText(headers.value)),
  });

  const curl = element('pre', { class: 'curl', tabindex: '0' });
  const copied = element('span', { class: 'quiet', role: 'status' });
  const showCurl = () => {
    let given: Record<string, string> = {};
    try {
      given = headersFromText(headers.value);
    } catch {
      // A line that is still being typed. Starting the call reports the error.
    }
    const url = `${GATEWAY_ADDRESS}${method.path}`;
    curl.textContent = curlCommand({ kind: method.kind, url, headers: given, body: editor.value });
    copied.textContent = '';
  };
  const copy = button('Copy', { class: 'small' }, () => {
    navigator.clipboard.writeText(curl.textContent ?? '').then(
      () => {
        copied.textContent = 'copied';
      },
      () => {
        copied.textContent = 'the browser refused to copy';
      },
    );
  });
  editor.addEventListener('input', showCurl);
  headers.addEventListener('input', showCurl);
  showCurl();

  const root = element(
    'article',
    {},
    element(
      'div',
      { class: 'title' },
      element('h2', {}, method.name),
      element('span', { class: `kind ${method.kind}` }, KIND_NAMES[method.kind]),
    ),
    element(
      'p',
      { class: 'paths' },
      ...[`POST ${method.path}`, ...method.http].map((path) => element('code', {}, path)),
    ),
    element('p', { class: 'comment' }, method.comment),
    ...(method.resumable
      ? [element('p', { class: 'quiet' }, 'Resumes after the last message if the connection is lost.')]
      : []),
    field('Request', editor, 'ProtoJSON; Ctrl+Enter sends it'),
    field('Headers', headers, 'one per line; grpc-metadata-NAME reaches the service as NAME'),
    problem,
    controls.root,
    element(
      'details',
      { open: true },
      element('summary', {}, 'The same call with curl'),
      curl,
      element('p', {}, copy, ' ', copied),
    ),
  );
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    controls.submit();
  });
  return { root, close: controls.close };
}
