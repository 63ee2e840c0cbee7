import type { Kind, MethodEntry, ServiceEntry } from './schema/services.js';
import { element } from './view/element.js';

/** The names of the kinds in the page. */
export const KIND_NAMES: Record<Kind, string> = {
  unary: 'unary',
  server_stream: 'server stream',
  client_stream: 'client stream',
  bidi_stream: 'bidi stream',
};

/** The services, with their methods as links. Shows the methods whose path or kind contains every word of `filter`. */
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
      words.length > 0 ? 'No method matches.' : 'The gateway exposes no services.',
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
