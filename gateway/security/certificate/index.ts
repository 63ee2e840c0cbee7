export {
  CERTIFICATE_NAMES,
  type CertificateName,
  CertificatePrincipals,
  type CertificateSettings,
  DEFAULT_CERTIFICATE_ISSUER,
} from './certificate-principals.js';
