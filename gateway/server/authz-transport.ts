import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import {
  type Call,
  type CallOptions,
  openTransport,
  type Transport,
  type UpstreamTls,
} from '../upstream/index.js';

/** The files of TLS towards an authorization service. */
export interface AuthzTlsFiles {
  /** The authorities to trust. Default: those Node ships. */
  readonly ca?: string | undefined;
  /** Our own certificate, and its key: both or none. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name to ask for and to check, where it differs from the target's. */
  readonly serverName?: string | undefined;
}

export interface AuthzTransportOptions {
  readonly target: string;
  /** Of a connection, and of what is under way when the files have changed, in milliseconds. */
  readonly timeoutMs: number;
  /** Absent: plain text. */
  readonly tls?: AuthzTlsFiles | undefined;
  /** The files have changed, and are in use. */
  readonly onLoaded: () => void;
  /** They have changed, and cannot be used: the old ones stay. Told once, until they can. */
  readonly onFailed: (problem: string) => void;
}

/** The least time between two looks at the files, in milliseconds. */
const LOOK_MS = 1_000;

const FILES = ['ca', 'cert', 'key'] as const;

interface LoadedTls {
  readonly mark: string;
  readonly tls: UpstreamTls | undefined;
}

/** The way to an authorization service. Files of TLS are looked at while it is asked, and what they have then counts for new connections. */
export class AuthzTransport implements Pick<Transport, 'open'> {
  readonly #options: AuthzTransportOptions;
  #transport: Transport;
  #mark: string;
  #lookedAt = performance.now();
  #isLooking = false;
  #isFailing = false;
  #isClosed = false;

  private constructor(options: AuthzTransportOptions, transport: Transport, mark: string) {
    this.#options = options;
    this.#transport = transport;
    this.#mark = mark;
  }

  /** Reads the files; connects when it is first asked. Rejects with an Error that names the file that cannot be used. */
  static async open(options: AuthzTransportOptions): Promise<AuthzTransport> {
    const { mark, tls } = await load(options.tls);
    return new AuthzTransport(options, await transportOf(options, tls), mark);
  }

  open(method: string, options: CallOptions): Call {
    if (this.#options.tls !== undefined && performance.now() - this.#lookedAt >= LOOK_MS) void this.#look();
    return this.#transport.open(method, options);
  }

  /** Ends its connections as soon as what has been asked is answered, or late. */
  close(): void {
    this.#isClosed = true;
    this.#leave(this.#transport);
  }

  #leave(transport: Transport): void {
    setTimeout(() => void transport.close(), this.#options.timeoutMs).unref();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      if ((await markOf(this.#options.tls)) === this.#mark) return;
      const { mark, tls } = await load(this.#options.tls);
      const transport = await transportOf(this.#options, tls);
      if (this.#isClosed) return void transport.close();
      this.#leave(this.#transport);
      this.#transport = transport;
      this.#mark = mark;
      this.#isFailing = false;
      this.#options.onLoaded();
    } catch (reason) {
      if (!this.#isFailing) this.#options.onFailed((reason as Error).message);
      this.#isFailing = true;
    } finally {
      this.#lookedAt = performance.now();
      this.#isLooking = false;
    }
  }
}

function transportOf(
  { target, timeoutMs }: AuthzTransportOptions,
  tls: UpstreamTls | undefined,
): Promise<Transport> {
  return openTransport('http2', { target, connectTimeoutMs: timeoutMs, ...(tls !== undefined && { tls }) });
}

/** What the files have, if that can be used together. The mark is of before: what changes meanwhile is read again. */
async function load(files: AuthzTlsFiles | undefined): Promise<LoadedTls> {
  const mark = await markOf(files);
  if (files === undefined) return { mark, tls: undefined };
  const [ca, cert, key] = await Promise.all(FILES.map((name) => read(name, files[name])));
  const pieces = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  try {
    createSecureContext(pieces);
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`auth.extAuthz.tls: what the files have cannot be used together: ${message}`, { cause });
  }
  const { serverName } = files;
  return { mark, tls: { ...pieces, ...(serverName !== undefined && { serverName }) } };
}

async function read(name: string, file: string | undefined): Promise<Buffer | undefined> {
  try {
    return file === undefined ? undefined : await readFile(file);
  } catch (cause) {
    throw new Error(`auth.extAuthz.tls.${name} ${file}: ${(cause as Error).message}`, { cause });
  }
}

async function markOf(files: AuthzTlsFiles | undefined): Promise<string> {
  const marks = FILES.map(async (name) => {
    const file = files?.[name];
    if (file === undefined) return '';
    const { mtimeMs, size, ino } = await stat(file).catch(() => ({ mtimeMs: 0, size: 0, ino: 0 }));
    return `${mtimeMs} ${size} ${ino}`;
  });
  return (await Promise.all(marks)).join();
}
