export { isForeignSite, isOriginAllowed } from './origin.js';
