import type { Logger } from 'pino';
import type { ClientTls, Gateway } from '../../gateway/index.js';
import { nameOf } from '../options/index.js';
import { readNamed } from '../schema-files.js';
import type { GatewaySettings } from './sources.js';
import { WatchedFiles } from './watched-files.js';

/** How often the files are looked at, in milliseconds. */
const LOOK_MS = 1_000;

const OPTIONS = ['tlsCert', 'tlsKey', 'tlsClientCa'] as const;

/** The files of TLS towards clients, which are read again when they change, and by SIGHUP. Does nothing where no option asks for TLS. */
export class ClientTlsFiles {
  readonly #settings: GatewaySettings;
  readonly #watched = new WatchedFiles(LOOK_MS);

  constructor(settings: GatewaySettings) {
    this.#settings = settings;
  }

  /** Reads them. Rejects with one clear line that names the option. */
  async read(): Promise<ClientTls | undefined> {
    const { tlsCert, tlsKey, tlsClientCa, tlsClientAuth } = this.#settings.values;
    if (tlsCert === undefined || tlsKey === undefined) return undefined;
    // As they are before they are read, so that what changes meanwhile is read again.
    await this.#watched.look([tlsCert, tlsKey, ...(tlsClientCa === undefined ? [] : [tlsClientCa])]);
    const [cert, key, clientCa] = await Promise.all(
      OPTIONS.map(async (name) => {
        const file = this.#settings.values[name];
        return file === undefined ? undefined : await readNamed(nameOf(this.#settings, name), file);
      }),
    );
    if (cert === undefined || key === undefined) return undefined;
    return { cert, key, ...(clientCa && { clientCa, clientAuth: tlsClientAuth }) };
  }

  /** Gives the gateway what the files have now. What cannot be used is an error in the log, and the old ones stay. */
  async reload(gateway: Pick<Gateway, 'useTls'>, log: Logger): Promise<void> {
    try {
      const tls = await this.read();
      if (tls === undefined) return;
      gateway.useTls(tls);
      log.info('certificates read again');
    } catch (reason) {
      log.error(
        { problem: (reason as Error).message },
        'the certificates cannot be read again, the old ones stay',
      );
    }
  }

  /** Reloads whenever the files have changed. Until the process ends. */
  watch(gateway: Pick<Gateway, 'useTls'>, log: Logger): void {
    this.#watched.watch(() => void this.reload(gateway, log));
  }
}
