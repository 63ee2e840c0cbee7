export { openSpans } from './open-spans.js';
