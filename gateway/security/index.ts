export { AddressCounts } from './address-counts.js';
export { AllowedOrigins } from './allowed-origins.js';
export { type ClientCertificate, carriedBy, clientCertificate } from './client-certificate.js';
export { forwardedMetadata } from './forwarded-metadata.js';
export { normalAddress } from './ip-address.js';
export { isForeignSite, mayOpenSocket } from './origin.js';
export { peerOf, type RequestSource, requestSource } from './request-source.js';
export { authorityOf, isLoopbackAddress, ServedHosts } from './served-hosts.js';
export { TrustedProxies } from './trusted-proxies.js';
