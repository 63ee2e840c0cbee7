import { setTimeout as delay } from 'node:timers/promises';
import { type Server, ServerCredentials } from '@grpc/grpc-js';

/** Binds the server; resolves with the real `host:port`. Rejects with one clear line, for example when the port is taken. */
export async function listenOn(server: Server, listen: string): Promise<string> {
  const host = listen.slice(0, listen.lastIndexOf(':'));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new Error(`cannot listen on ${listen}: ${reasonOf(error)}`, { cause: error }));
    });
  });
  return `${host}:${port}`;
}

function reasonOf(error: Error): string {
  if (error.message.includes('EADDRINUSE')) return 'the port is taken';
  if (error.message.includes('EACCES')) return 'not permitted';
  if (error.message.includes('EADDRNOTAVAIL')) return 'this machine does not have that address';
  return error.message;
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
