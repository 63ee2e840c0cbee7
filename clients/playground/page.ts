// The page at `/`: lists the methods that the gateway exposes, and calls them. Loaded by index.html.
import { createClient } from '../browser/index.js';
import { createCuttableSockets } from './call/session-cut.js';
import { createDetachedCalls } from './detached/detached-calls.js';
import { createDetachedList } from './detached/detached-list.js';
import { createCallKeeper } from './detached/kept-call.js';
import { methodList } from './method-list.js';
import { createMethodView, type Draft, type MethodView } from './method-view.js';
import { sceneLinks } from './scene-links.js';
import { type PageSchema, schemaFromDescriptors } from './schema/page-schema.js';
import { type MethodEntry, type ServiceEntry, servicesFromJson } from './schema/services.js';
import { createCallHistory } from './share/call-history.js';
import { callFromHash } from './share/call-link.js';
import { createHistoryList } from './share/history-list.js';
import { element } from './view/element.js';

/** The URL of the gateway, without a slash at the end: the page is right below it, whatever path a proxy puts before that. */
const GATEWAY_ADDRESS = new URL('.', document.baseURI).href.replace(/\/$/, '');

const { WebSocket, cut } = createCuttableSockets();
const client = createClient({ baseUrl: GATEWAY_ADDRESS, WebSocket });
const list = elementOf('services', HTMLElement);
const filter = elementOf('filter', HTMLInputElement);
const main = elementOf('method', HTMLElement);
elementOf('gateway', HTMLElement).textContent = GATEWAY_ADDRESS;

const history = createCallHistory(storage(() => localStorage));
const historyList = createHistoryList(history, () => showMethod());
const detached = createDetachedCalls(storage(() => localStorage));
const detachedList = createDetachedList(client, detached, () => showMethod());
/** The page goes: what ends now goes on in its next visit. */
let isLeaving = false;
const keeper = createCallKeeper(
  storage(() => sessionStorage),
  () => isLeaving,
);
/** What ran before the page was loaded again, until it is shown. */
let { found: kept } = keeper;
/** By the path of the method. */
const drafts = new Map<string, Draft>();
let services: ServiceEntry[] = [];
let schema: PageSchema | undefined;
/** The types are here, or will not come: a view that was made before would be made again, with its call lost. */
let isLoaded = false;
let view: MethodView | undefined;

function elementOf<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${id}`);
  return found;
}

/** A browser may forbid it, and then even looking at it throws. */
function storage(look: () => Storage): Storage | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function ownRank({ name }: ServiceEntry): number {
  return name.startsWith('grpc.') ? 1 : 0;
}

function currentMethod(): MethodEntry | undefined {
  const methods = services.flatMap((service) => service.methods);
  const { path } = callFromHash(location.hash);
  return methods.find((method) => method.path === path) ?? methods[0];
}

function showList(): void {
  list.replaceChildren(
    ...sceneLinks(services),
    methodList(services, currentMethod()?.path ?? '', filter.value),
  );
}

function draftOf(method: MethodEntry): Draft {
  let draft = drafts.get(method.path);
  if (draft === undefined) {
    const request = kept?.path === method.path ? JSON.parse(kept.request) : method.example;
    draft = { request: pretty(request), headers: '' };
    drafts.set(method.path, draft);
  }
  // A link to a call brings its request along.
  const { path, request } = callFromHash(location.hash);
  if (path === method.path && request !== undefined) draft.request = pretty(JSON.parse(request));
  return draft;
}

function pretty(request: unknown): string {
  return JSON.stringify(request, null, 2);
}

function showMethod(): void {
  const method = currentMethod();
  showList();
  if (!isLoaded) return;
  view?.close();
  view = undefined;
  if (method === undefined) {
    main.replaceChildren(element('p', { class: 'quiet' }, 'The gateway exposes no methods.'));
    return;
  }
  view = createMethodView({
    client,
    method,
    schema,
    gatewayAddress: GATEWAY_ADDRESS,
    cut,
    draft: draftOf(method),
    keeper,
    detached,
    located: detachedList.show,
    used(request) {
      history.add({ path: method.path, request, atMs: Date.now() });
      historyList.show();
    },
  });
  main.replaceChildren(view.root);
  goOn(view, method);
  list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  document.title = `${method.name} · Sluice`;
}

/** With the call that ran here before the page was loaded again, or that the address names. */
function goOn(shown: MethodView, { path }: MethodEntry): void {
  const { location: named } = callFromHash(location.hash);
  const before = kept;
  kept = undefined;
  if (before?.path === path && (named === undefined || named === before.location)) shown.goOn(before);
  else if (named !== undefined) shown.join(named);
}

async function fetched(path: string): Promise<Response> {
  const response = await fetch(`${GATEWAY_ADDRESS}${path}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response;
}

/** Without the types the page still calls everything, with JSON alone. */
async function loadSchema(): Promise<PageSchema | undefined> {
  try {
    const response = await fetched('/_sluice/descriptors.binpb');
    return schemaFromDescriptors(new Uint8Array(await response.arrayBuffer()));
  } catch {
    return undefined;
  }
}

async function load(): Promise<void> {
  const loading = loadSchema();
  try {
    // People look for their own services first, then for those of gRPC.
    const answer = await (await fetched('/_sluice/services')).json();
    services = servicesFromJson(answer).sort((a, b) => ownRank(a) - ownRank(b));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    list.replaceChildren(
      element('p', { class: 'problem', role: 'alert' }, `The list of services could not be read: ${reason}`),
    );
    return;
  }
  showList();
  schema = await loading;
  isLoaded = true;
  showMethod();
}

list.after(detachedList.root, historyList.root);
filter.addEventListener('input', showList);
addEventListener('hashchange', () => {
  // The link "Skip to the method" does not name a method.
  if (location.hash === '#method') return;
  showMethod();
  main.focus();
});
addEventListener('pagehide', () => {
  isLeaving = true;
});
addEventListener('pageshow', () => {
  isLeaving = false;
});
void load();
