import type { Client } from '../browser/index.js';
import { createCallControls } from './call/call-controls.js';
import { createCallRunner } from './call/open-runner.js';
import type { DetachedCalls } from './detached/detached-calls.js';
import { createGoOnPart } from './detached/go-on-part.js';
import { keepCalls } from './detached/keep-calls.js';
import type { CallKeeper, KeptCall } from './detached/kept-call.js';
import { createRequestEditor } from './form/request-editor.js';
import { headersFromText } from './json/request-input.js';
import { createMessageView } from './messages/message-view.js';
import { KIND_NAMES } from './method-list.js';
import { CALL_PARTS } from './parts.js';
import type { PageSchema } from './schema/page-schema.js';
import type { MethodEntry } from './schema/services.js';
import { cleanedText, createSharePart } from './share/share-part.js';
import { element, field } from './view/element.js';

/** What a person has written for a method; kept as long as the page is open, and nowhere else. */
export interface Draft {
  request: string;
  /** Lines of "name: value". They may hold credentials. */
  headers: string;
}

export interface MethodViewOptions {
  readonly client: Client;
  readonly method: MethodEntry;
  readonly schema: PageSchema | undefined;
  readonly gatewayAddress: string;
  readonly cut: () => number;
  /** Changed as the person writes. */
  readonly draft: Draft;
  readonly keeper: CallKeeper;
  readonly detached: DetachedCalls;
  /** A detached call is known, or has ended. */
  readonly located: () => void;
  /** A call was made with this request: JSON without secrets. */
  readonly used: (request: string) => void;
}

export interface MethodView {
  readonly root: HTMLElement;
  /** Goes on with a call that ran before the page was loaded again. */
  goOn(kept: KeptCall): void;
  /** Joins the detached call at a location. */
  join(location: string): void;
  /** Cancels the running call. The code that removes the view from the page calls it. */
  close(): void;
}

/** The view of one method: its description, the request, the controls and the answers. */
export function createMethodView(options: MethodViewOptions): MethodView {
  const { client, method, schema, draft, gatewayAddress } = options;
  const types = schema?.typesOf(method.path);
  const runner = createCallRunner({ client, method, cut: options.cut });
  const share = createSharePart({ runner, types, gatewayAddress, draft });
  const editor = createRequestEditor({
    schema,
    types,
    text: draft.request,
    changed(text) {
      draft.request = text;
      share.changed();
    },
  });
  const headers = element('textarea', {
    rows: '2',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: 'authorization: Bearer …',
  });
  headers.value = draft.headers;
  headers.addEventListener('input', () => {
    draft.headers = headers.value;
    share.changed();
  });
  const headerProblem = element('p', { class: 'problem', role: 'alert', hidden: true });
  const readHeaders = () => {
    try {
      headerProblem.hidden = true;
      return headersFromText(headers.value);
    } catch (error) {
      headerProblem.textContent = error instanceof Error ? error.message : String(error);
      headerProblem.hidden = false;
      return undefined;
    }
  };
  const { keeper, detached: known, located } = options;
  const cleaned = (request: string) => cleanedText(request, types);
  const endKeeping = keepCalls({ runner, keeper, known, cleaned, located });
  const readRequest = () => editor.read();
  const goOn = createGoOnPart({ runner, readRequest, readHeaders });
  const controls = createCallControls({
    runner,
    readMessage: readRequest,
    readHeaders,
    used: () => options.used(cleaned(editor.text) ?? ''),
  });
  const parts = CALL_PARTS.flatMap(
    (make) => make({ runner, types, gatewayAddress, readRequest, readHeaders }) ?? [],
  );
  const messages = createMessageView(runner, types);
  const root = element(
    'article',
    {},
    element(
      'header',
      { class: 'method' },
      element(
        'div',
        { class: 'title' },
        element('h2', {}, method.name),
        element('span', { class: `kind ${method.kind}` }, KIND_NAMES[method.kind]),
        ...(method.resumable
          ? [
              element(
                'span',
                { class: 'kind', title: 'Goes on after the last message if the connection is lost' },
                'resumes',
              ),
            ]
          : []),
        share.linkButton,
      ),
      element(
        'p',
        { class: 'paths' },
        ...[`POST ${method.path}`, ...method.http].map((path) => element('code', {}, path)),
      ),
      element('p', { class: 'comment' }, method.comment),
    ),
    section(
      'Request',
      editor.root,
      element(
        'details',
        { class: 'headers', open: draft.headers !== '' },
        element('summary', {}, 'Headers'),
        field('Headers', headers, 'one per line; grpc-metadata-NAME reaches the service as NAME'),
        headerProblem,
      ),
    ),
    element('div', { class: 'bar-of-call' }, goOn.root, controls.root, ...parts.map((part) => part.root)),
    section('Response', controls.outcome, messages.root),
    share.root,
  );
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    controls.submit();
  });
  return {
    root,
    goOn: goOn.goOn,
    join: (location) => runner.start({}, readHeaders() ?? {}, { location, cursor: '', key: '' }),
    close() {
      endKeeping();
      goOn.close();
      controls.close();
      messages.close();
      share.close();
      for (const part of parts) part.close();
    },
  };
}

function section(name: string, ...content: readonly HTMLElement[]): HTMLElement {
  return element('section', { class: 'card', 'aria-label': name }, ...content);
}
