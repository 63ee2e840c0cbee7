export { isForeignSite, isOriginAllowed } from './origin.js';
export { peerOf, type RequestSource, requestSource } from './request-source.js';
export { TrustedProxies } from './trusted-proxies.js';
