import { element } from './element.js';
import type { CallEnd } from './running-call.js';

/** How a call ended: code, text, details and metadata. */
export function callOutcome(end: CallEnd, seconds: string): HTMLElement {
  const parts: HTMLElement[] = [
    element(
      'p',
      { class: 'verdict' },
      element('strong', {}, `${end.status} (${end.code})`),
      element('span', { class: 'quiet' }, ` after ${seconds} s`),
    ),
  ];
  if (end.message !== '') parts.push(element('p', { class: 'reason' }, end.message));
  if (end.details.length > 0) parts.push(part('Details', end.details));
  if (Object.keys(end.metadata).length > 0) parts.push(part('Metadata', end.metadata));
  return element('div', { class: end.code === 0 ? 'outcome good' : 'outcome bad' }, ...parts);
}

function part(name: string, value: unknown): HTMLElement {
  return element('div', {}, element('h4', {}, name), element('pre', {}, JSON.stringify(value, null, 2)));
}
