export { AddressCounts } from './address-counts.js';
export { AllowedOrigins } from './allowed-origins.js';
export {
  CERTIFICATE_NAMES,
  type CertificateName,
  CertificatePrincipals,
  type CertificateSettings,
  DEFAULT_CERTIFICATE_ISSUER,
} from './certificate/index.js';
export { type ClientCertificate, carriedBy, clientCertificate } from './client-certificate.js';
export { forwardedMetadata } from './forwarded-metadata.js';
export * from './identity/index.js';
export { addressGroup, normalAddress } from './ip-address.js';
export { isForeignSite, mayOpenSocket } from './origin.js';
export { peerOf, type RequestSource, requestSource } from './request-source.js';
export { authorityOf, isLoopbackAddress, ServedHosts } from './served-hosts.js';
export { TokenBucket } from './token-bucket.js';
export { MOST_CLIENTS, TokenBuckets } from './token-buckets.js';
export { TrustedProxies } from './trusted-proxies.js';
