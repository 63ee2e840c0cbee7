import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';

/** A network of two: the gateway on our side, clients on the other, which can be cut without a FIN. */
export interface FarSide {
  /** Where the gateway has to listen to be reached from there. */
  readonly host: string;
  /** Runs a program of Node there; resolves with its first line of output. */
  start(program: string): Promise<string>;
  /** From now on nothing comes from there any more, not even an acknowledgement. */
  vanish(): void;
}

let sides = 0;

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

/**
 * Opens one in a network namespace of its own, and removes it in the teardown. `undefined` where that is not possible: it needs Linux,
 * iproute2 and the rights of an administrator.
 */
export function openFarSide(t: Test): FarSide | undefined {
  sides += 1;
  // The kernel removes an old one a while after it was told to.
  const name = `far${process.pid}x${sides}`;
  // Tests that run beside us have other process ids, and so other networks: four addresses of 10.200.0.0/14 to 10.248.0.0/14.
  const at = 4 * (process.pid % 65_536);
  const net = `10.${200 + 4 * (sides % 13) + (at >> 16)}.${(at >> 8) % 256}`;
  const [near, there] = [`${net}.${(at % 256) + 1}`, `${net}.${(at % 256) + 2}`];
  try {
    ip('netns', 'add', name);
    t.teardown(() => ip('netns', 'del', name));
    ip('link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`, 'netns', name);
    ip('addr', 'add', `${near}/30`, 'dev', `${name}a`);
    ip('link', 'set', `${name}a`, 'up');
    ip('-n', name, 'addr', 'add', `${there}/30`, 'dev', `${name}b`);
    ip('-n', name, 'link', 'set', `${name}b`, 'up');
  } catch {
    return undefined;
  }
  return {
    host: near,
    async start(program) {
      const child = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      t.teardown(() => child.kill('SIGKILL'));
      const [line] = await once(createInterface(child.stdout), 'line');
      return line as string;
    },
    vanish: () => void ip('-n', name, 'route', 'add', 'blackhole', `${near}/32`),
  };
}
