import { openTransport, type Transport, type UpstreamTls } from '../../gateway/upstream/index.js';
import { defined } from '../defined.js';
import { readMetadataPairs } from '../metadata-pairs.js';
import type { LIST_COMMAND } from '../options/index.js';
import { nameOf, type Settings, SettingsError } from '../options/index.js';
import { readNamed } from '../schema-files.js';
import { type CallAddress, readAddress } from './address.js';

type LinkOption =
  | 'address'
  | 'grpc'
  | 'tls'
  | 'ca'
  | 'cert'
  | 'key'
  | 'serverName'
  | 'authority'
  | 'header'
  | 'tokenFile'
  | 'token';

/** The options of where and as whom to call. */
export type LinkSettings = Pick<Settings<Pick<typeof LIST_COMMAND, LinkOption>>, 'values' | 'origins'>;

type Pair = readonly [name: string, value: string];

/** All that is needed to reach a gateway or a gRPC server. */
export interface CallLink {
  readonly address: CallAddress;
  readonly authority: string | undefined;
  /** `undefined`: plain text. */
  readonly tls: UpstreamTls | undefined;
  /** Of every request: what `-H` says, and the token. */
  readonly metadata: readonly Pair[];
}

/** Where it leads, as people read it. */
export function shownAddress({ address }: Pick<CallLink, 'address'>): string {
  return address.target.startsWith('unix') ? address.target : address.authority;
}

/** How a token may look: RFC 6750, and nothing that could be a second header. */
const TOKEN = /^[\x21-\x7e]{1,16384}$/;

/** Reads the address, the certificates and the metadata. `address`: one that stands among the arguments. Rejects with `SettingsError`. */
export async function openLink(settings: LinkSettings, address: string | undefined): Promise<CallLink> {
  const { values } = settings;
  if ((values.cert === undefined) !== (values.key === undefined))
    throw new SettingsError('--cert and --key belong together');
  const found = readAddress({ ...values, address: address ?? values.address });
  const read = async (name: 'ca' | 'cert' | 'key') => {
    const file = values[name];
    return file === undefined ? undefined : await readNamed(nameOf(settings, name), file);
  };
  const [ca, cert, key] = await Promise.all([read('ca'), read('cert'), read('key')]);
  const pairs = await readMetadataPairs('--header', values.header, readNamed);
  const token = await tokenOf(settings);
  return {
    address: found,
    authority: values.authority,
    tls: found.isTls ? defined({ ca, cert, key, serverName: values.serverName }) : undefined,
    metadata: token === undefined ? pairs : [...pairs, ['authorization', `Bearer ${token}`]],
  };
}

async function tokenOf(settings: LinkSettings): Promise<string | undefined> {
  const { token, tokenFile } = settings.values;
  if (tokenFile === undefined) return token === undefined ? undefined : checkedToken('SLUICE_TOKEN', token);
  const source = nameOf(settings, 'tokenFile');
  return checkedToken(`${source} ${tokenFile}`, (await readNamed(source, tokenFile)).toString('utf8'));
}

function checkedToken(source: string, text: string): string {
  const token = text.trim();
  if (!TOKEN.test(token))
    throw new SettingsError(`${source} does not hold a token: one word of printable ASCII`);
  return token;
}

/** What a transport may hold for a reader that takes its time, in bytes; the least that it can. */
const SLOW_READ_AHEAD_BYTES = 1_024;

/** Opens the transport of calls. `isSlow`: as little as possible is read ahead, so that the service soon has to wait. The caller closes it. */
export async function openLinkTransport(
  { address, authority, tls }: CallLink,
  { maxMessageBytes, isSlow }: { readonly maxMessageBytes: number; readonly isSlow: boolean },
): Promise<Transport> {
  return await openTransport('http2', {
    target: address.target,
    maxMessageBytes,
    maxConnections: 1,
    ...(isSlow ? { readAheadBytes: SLOW_READ_AHEAD_BYTES } : {}),
    ...defined({
      tls,
      authority: authority ?? (address.target.startsWith('unix') ? undefined : address.authority),
    }),
  });
}
