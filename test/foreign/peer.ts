import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { httpJson, until } from '../support/http.js';
import { sluice } from '../support/process.js';
import { quiet } from '../support/quiet.js';
import { generatePeer, python } from './python.js';

/** What the service says about one of its calls. */
export interface PeerEvent {
  readonly event: string;
  readonly name?: string;
  readonly [field: string]: unknown;
}

/** The Python service. */
export interface Peer {
  readonly target: string;
  /** Waits for an event of the call with this name. */
  event(t: Test, event: string, name: string): Promise<PeerEvent>;
  /** Ends the rests of its calls, for good. */
  goOn(): void;
}

/** Starts it; it ends with the test. */
export async function startPeer(t: Test): Promise<Peer> {
  const script = fileURLToPath(new URL('peer.py', import.meta.url));
  const child = spawn(python as string, [script, generatePeer(t)], { stdio: ['pipe', 'pipe', 'ignore'] });
  t.teardown(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'exit');
  });
  const events: PeerEvent[] = [];
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => events.push(JSON.parse(line) as PeerEvent));
  const find = (event: string, name?: string) =>
    events.find((seen) => seen.event === event && (name === undefined || seen.name === name));
  // However long Python takes to start.
  await Promise.race([once(lines, 'line'), once(child, 'exit')]);
  if (find('listening') === undefined) throw new Error('the service in Python ended before it listened');
  return {
    target: `127.0.0.1:${find('listening')?.port}`,
    async event(t, event, name) {
      await until(t, `${event} ${name}`, () => find(event, name) !== undefined);
      return find(event, name) ?? { event: 'none' };
    },
    goOn: () => void child.stdin.write('\n'),
  };
}

/** Starts a gateway in front of it, as a user would; resolves with its URL once it is ready. */
export async function startGateway(t: Test, target: string, ...args: string[]): Promise<string> {
  const any = '127.0.0.1:0';
  const running = sluice(t, [
    'gateway',
    '--upstream',
    target,
    '--listen',
    any,
    '--admin-listen',
    any,
    '--calls-per-second',
    '0',
    ...args,
  ]);
  const { url, adminUrl } = await running.line('gateway listening');
  for (;;) {
    const { status } = await httpJson(`${adminUrl}/readyz`);
    if (status === 200) return String(url);
    await quiet(20);
  }
}

/** How many messages the call of this name has written or read so far, by the service's own count. */
export async function progress(url: string, name: string): Promise<number> {
  const { json } = await httpJson(`${url}/foreign.v1.Peer/Progress?word=${name}`);
  return Number((json as { number?: string }).number ?? 0);
}
