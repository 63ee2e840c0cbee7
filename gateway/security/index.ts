export { normalAddress } from './address.js';
export { AddressCounts } from './address-counts.js';
export { forwardedMetadata } from './forwarded-metadata.js';
export { isForeignSite, isOriginAllowed } from './origin.js';
export { peerOf, type RequestSource, requestSource } from './request-source.js';
export { authorityOf, isLoopbackAddress, ServedHosts } from './served-hosts.js';
export { TrustedProxies } from './trusted-proxies.js';
