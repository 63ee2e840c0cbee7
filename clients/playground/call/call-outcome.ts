import { Code } from '../../browser/index.js';
import { element } from '../view/element.js';
import type { CallResult } from './call-result.js';

/** Shows how a call ended: code, origin, text, details and metadata. */
export function callOutcome(end: CallResult, seconds: string): HTMLElement {
  const parts: HTMLElement[] = [
    element(
      'p',
      { class: 'verdict' },
      element('strong', {}, `${end.status} (${end.code})`),
      element('span', { class: 'quiet' }, ` after ${seconds} s`),
    ),
  ];
  const origin = originText(end);
  if (origin !== undefined) parts.push(element('p', { class: 'origin quiet' }, origin));
  if (end.message !== '') parts.push(element('p', { class: 'reason' }, end.message));
  if (end.details.length > 0) parts.push(part('Details', end.details));
  if (Object.keys(end.metadata).length > 0) parts.push(part('Metadata', end.metadata));
  return element('div', { class: end.code === 0 ? 'outcome good' : 'outcome bad' }, ...parts);
}

/** Who ended a call that failed. Undefined for OK, and for a call that the person at the page cancelled. */
function originText({ code, domain, reason }: CallResult): string | undefined {
  if (code === Code.OK || (code === Code.CANCELLED && domain === undefined)) return undefined;
  if (domain === 'sluice') return `from the gateway: ${reason ?? 'no reason given'}`;
  if (domain !== undefined) return `from the service: ${reason ?? 'no reason given'} (${domain})`;
  // Without an ErrorInfo, only this code may also come from the client itself.
  return code === Code.UNAVAILABLE ? 'from the service or the network' : 'from the service';
}

function part(name: string, value: unknown): HTMLElement {
  return element('div', {}, element('h4', {}, name), element('pre', {}, JSON.stringify(value, null, 2)));
}
