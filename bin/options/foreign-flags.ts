/** Flags of grpcurl that are something else here, and what to write in their place. */
const GRPCURL: Readonly<Record<string, string>> = {
  plaintext: 'an address without https:// is plain text, so leave it out',
  insecure: 'give the authority of the certificate with --ca',
  'max-time': 'write --deadline 5s',
  'connect-timeout': 'write --deadline 5s',
  cacert: 'write --ca FILE',
  servername: 'write --server-name NAME',
  protoset: 'write --descriptor-set FILE',
  'import-path': 'write --proto-path DIR',
  'rpc-header': 'write -H "name: value"',
  'reflect-header': 'write -H "name: value"',
  'expand-headers': 'let the shell put the variable in',
  'emit-defaults': 'write --emit-defaults',
  'max-msg-sz': 'write --max-message-bytes N',
  unix: 'write the address as unix:/PATH',
  proto: 'write --proto FILE',
  format: 'requests and answers are JSON: --format ndjson or --format pretty',
  'format-error': 'errors are always written like that',
  vv: 'write -v',
};

/** What somebody who knows grpcurl writes here in place of one of its flags, as the end of an error; nothing for other flags. */
export function adviceForGrpcurl(flag: string): string | undefined {
  return Object.hasOwn(GRPCURL, flag) ? GRPCURL[flag] : undefined;
}
