// The page at `/`: lists the methods that the gateway exposes, and calls them. Loaded by index.html.
import { createClient } from '../browser/index.js';
import { element } from './element.js';
import { GATEWAY_ADDRESS } from './gateway-address.js';
import { methodList } from './method-list.js';
import { createMethodPanel, type MethodPanel } from './method-panel.js';
import { type MethodEntry, type ServiceEntry, servicesFromJson } from './services.js';

const client = createClient({ baseUrl: GATEWAY_ADDRESS });
const list = elementOf('services', HTMLElement);
const filter = elementOf('filter', HTMLInputElement);
const main = elementOf('method', HTMLElement);
elementOf('gateway', HTMLElement).textContent = GATEWAY_ADDRESS;

let services: ServiceEntry[] = [];
let panel: MethodPanel | undefined;

function elementOf<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${id}`);
  return found;
}

function ownRank({ name }: ServiceEntry): number {
  return name.startsWith('grpc.') ? 1 : 0;
}

/** The method in the address of the page, so that links to a method and Back work. */
function currentPath(): string {
  try {
    return decodeURI(location.hash.slice(1));
  } catch {
    return '';
  }
}

function currentMethod(): MethodEntry | undefined {
  const methods = services.flatMap((service) => service.methods);
  return methods.find(({ path }) => path === currentPath()) ?? methods[0];
}

function showList(): void {
  list.replaceChildren(methodList(services, currentMethod()?.path ?? '', filter.value));
}

function showMethod(): void {
  const method = currentMethod();
  showList();
  panel?.close();
  panel = undefined;
  if (method === undefined) {
    main.replaceChildren(element('p', { class: 'quiet' }, 'The gateway exposes no methods.'));
    return;
  }
  panel = createMethodPanel(client, method);
  main.replaceChildren(panel.root);
  list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  document.title = `${method.name} · Sluice`;
}

async function load(): Promise<void> {
  try {
    const response = await fetch(`${GATEWAY_ADDRESS}/_sluice/services`, {
      headers: { accept: 'application/json' },
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    // People look for their own services first, then for those of gRPC.
    services = servicesFromJson(await response.json()).sort((a, b) => ownRank(a) - ownRank(b));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    list.replaceChildren(
      element('p', { class: 'problem', role: 'alert' }, `The list of services could not be read: ${reason}`),
    );
    return;
  }
  showMethod();
}

filter.addEventListener('input', showList);
addEventListener('hashchange', () => {
  // The link "Skip to the method" does not name a method.
  if (location.hash === '#method') return;
  showMethod();
  main.focus();
});
void load();
