import { UsageError } from '../options/index.js';

/** What the command line says of where to call. */
export interface AddressOptions {
  readonly address: string | undefined;
  readonly grpc: boolean;
  readonly tls: boolean;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly serverName: string | undefined;
}

/** Where a gateway or a gRPC server is. */
export interface CallAddress {
  /** For the transport: "host:port" or "unix:/path". */
  readonly target: string;
  /** Host and port as they stand in a URL; of a socket "localhost". */
  readonly authority: string;
  readonly isTls: boolean;
  /** Below which path all others are, of a gateway: "" or "/api". */
  readonly basePath: string;
  readonly isGateway: boolean;
}

const GATEWAY = 'http://127.0.0.1:8080';
const GRPC = '127.0.0.1:50051';

/** Whether an argument is an address, and no name of a method: it has a port, or a scheme. */
export function isAddress(argument: string): boolean {
  return (
    /^[a-z][a-z-]{0,20}:\/\//i.test(argument) ||
    /^unix(-abstract)?:/.test(argument) ||
    /:\d{1,5}$/.test(argument)
  );
}

/** Reads an address. Throws `UsageError` that says how to write one. */
export function readAddress(options: AddressOptions): CallAddress {
  const text = options.address ?? (options.grpc ? GRPC : GATEWAY);
  const isGateway = !options.grpc;
  const asked = options.tls || options.ca !== undefined || options.cert !== undefined;
  const found = parseAddressText(text);
  if (found === undefined) {
    throw new UsageError(
      `the address ${JSON.stringify(text.slice(0, 100))} cannot be used: write it like 127.0.0.1:8080, http://host:port, https://host or unix:/path`,
    );
  }
  if (asked && found.isTls === false)
    throw new UsageError(`${text} is without TLS: write https://, or leave out --tls, --ca and --cert`);
  const isTls = found.isTls ?? asked;
  if (options.serverName !== undefined && !isTls)
    throw new UsageError('--server-name needs TLS: write https://, or --tls');
  if (!isGateway && found.basePath !== '')
    throw new UsageError(`${text}: a gRPC server has no path; only a gateway has one`);
  return { ...found, isTls, isGateway };
}

type Found = Pick<CallAddress, 'target' | 'authority' | 'basePath'> & {
  /** Absent: the text does not say. */
  readonly isTls?: boolean;
};

function parseAddressText(text: string): Found | undefined {
  if (/^unix(-abstract)?:./.test(text)) return { target: text, authority: 'localhost', basePath: '' };
  const scheme = /^(https?):\/\//i.exec(text)?.[1]?.toLowerCase();
  const isTls = scheme === undefined ? {} : { isTls: scheme === 'https' };
  if (scheme === undefined && (text.includes('://') || !/:\d{1,5}$/.test(text))) return undefined;
  let url: URL;
  try {
    url = new URL(scheme === undefined ? `http://${text}` : text);
  } catch {
    return undefined;
  }
  const { hostname, username, password, search, hash, pathname } = url;
  if (hostname === '' || `${username}${password}${search}${hash}` !== '') return undefined;
  // A URL leaves out the port that its scheme has.
  const port = url.port || (scheme === 'https' ? '443' : '80');
  return {
    target: `${hostname}:${port}`,
    authority: url.host,
    basePath: pathname.replace(/\/{1,9}$/, ''),
    ...isTls,
  };
}
