import { setTimeout as delay } from 'node:timers/promises';
import { type Server, ServerCredentials } from '@grpc/grpc-js';

/** Why the system lets nothing listen on an address, by its code. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'not permitted',
  EADDRNOTAVAIL: 'this machine does not have that address',
};

/**
 * Binds the server; resolves with the real `host:port`. Rejects with one clear line, for example when the port is taken; such an error has
 * `code`, `address` and `port` as Node's own.
 */
export async function listenOn(server: Server, listen: string): Promise<string> {
  const end = listen.lastIndexOf(':');
  const host = listen.slice(0, end);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) return resolve(bound);
      // The library gives a text only.
      const code = Object.keys(REASONS).find((name) => error.message.includes(name));
      const why = code === undefined ? error.message : REASONS[code];
      const failure = new Error(`cannot listen on ${listen}: ${why}`, { cause: error });
      const address = host.replace(/^\[|\]$/g, '');
      reject(Object.assign(failure, { code, address, port: Number(listen.slice(end + 1)) }));
    });
  });
  return `${host}:${port}`;
}

/** How long connections have, after the last call of ours, to take what was written last and to say goodbye. */
const LINGER_MS = 250;
/** How long handlers have, after the last connection was cut, to tidy up; one that ignores its signal must not hold up the end. */
const TIDY_MS = 1000;

/**
 * Ends the server: no new connections; what is open ends by itself, or is cut soon after `idle` resolves, or when `graceMs` have
 * passed. Resolves when every connection is closed and `idle` has resolved, or a second after the former.
 */
export async function shutDown(server: Server, idle: Promise<void>, graceMs: number): Promise<void> {
  const done = new AbortController();
  const wait = (ms: number): Promise<void> =>
    delay(ms, undefined, { signal: done.signal }).catch(() => undefined);
  try {
    const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    // Calls that are not ours, health watches, never end by themselves: they must not use up the grace.
    const polite = idle.then(() => Promise.race([closed, wait(LINGER_MS)]));
    await Promise.race([polite, wait(graceMs)]);
    server.forceShutdown();
    await closed;
    await Promise.race([idle, wait(TIDY_MS)]);
  } finally {
    done.abort();
  }
}
