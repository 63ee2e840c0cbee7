import type { ServiceEntry } from './schema/services.js';
import { element } from './view/element.js';

/** The service that the scenes are for. */
const SERVICE = 'streaming.StreamingService';

const TITLES = ['Market', 'Logs', 'Files', 'Sensors', 'Batch', 'Chat', 'Game', 'Editor', 'Data'];

/** Links to the scenes, where the gateway has the service that they are for. */
export function sceneLinks(services: readonly ServiceEntry[]): HTMLElement[] {
  if (!services.some(({ name }) => name === SERVICE)) return [];
  const links = TITLES.map((title) =>
    element('li', {}, element('a', { href: `_sluice/page/scenes/${title.toLowerCase()}.html` }, title)),
  );
  return [element('section', { class: 'scenes' }, element('h2', {}, 'Scenes'), element('ul', {}, ...links))];
}
