import { element } from './element.js';
import type { Kind, MethodEntry, ServiceEntry } from './services.js';

/** What a kind is called in the page. */
export const KIND_NAMES: Record<Kind, string> = {
  unary: 'unary',
  server_stream: 'server stream',
  client_stream: 'client stream',
  bidi_stream: 'bidi stream',
};

/** Services with their methods as links; `filter` keeps the methods whose path contains all of its words. */
export function methodList(services: readonly ServiceEntry[], current: string, filter: string): HTMLElement {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = ({ path, kind }: MethodEntry) => {
    const text = `${path} ${KIND_NAMES[kind]}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const shown = services
    .map((service) => ({ service, methods: service.methods.filter(wanted) }))
    .filter(({ methods }) => methods.length > 0);
  if (shown.length === 0) {
    return element(
      'p',
      { class: 'quiet' },
      words.length > 0 ? 'No method has this name.' : 'No service is exposed.',
    );
  }
  return element(
    'div',
    {},
    ...shown.map(({ service, methods }) =>
      element(
        'section',
        {},
        element('h2', { title: service.comment || undefined }, service.name),
        element('ul', {}, ...methods.map((method) => element('li', {}, methodLink(method, current)))),
      ),
    ),
  );
}

function methodLink(method: MethodEntry, current: string): HTMLAnchorElement {
  return element(
    'a',
    { href: `#${method.path}`, 'aria-current': method.path === current ? 'page' : undefined },
    element('span', {}, method.name),
    element('span', { class: `kind ${method.kind}` }, KIND_NAMES[method.kind]),
  );
}
