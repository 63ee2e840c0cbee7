// What a refused request costs the gateway: CPU time of its process for each, by kind of refusal, over kept connections.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const command = process.env.SLUICE_COMMAND ?? `${root}/dist/bin/sluice.js`;
const CONNECTIONS = 16;
const REQUESTS = Number(process.argv[2] ?? 60_000);
/** Of the clock that /proc counts CPU time by, in Linux's interface always. */
const TICK_MS = 10;

const any = '127.0.0.1:0';
const proto = `${root}/test/support/proto`;
const JSON_HEAD = 'content-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
const ROWS = [
  { name: 'calls a second, JSON', flags: ['--calls-per-second', '1'], head: JSON_HEAD },
  { name: 'the same, no log', flags: ['--calls-per-second', '1', '--log-calls', 'off'], head: JSON_HEAD },
  {
    name: 'calls a second, gRPC-Web',
    flags: ['--calls-per-second', '1'],
    head: 'content-type: application/grpc-web\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0',
  },
  { name: 'no such path', flags: ['--calls-per-second', '0'], head: JSON_HEAD, path: '/none' },
];

for (const { name, flags, head, path = '/foreign.v1.Foreign/Ask' } of ROWS) {
  const child = spawn(
    process.execPath,
    [
      command,
      ...[
        'gateway',
        '--upstream',
        '127.0.0.1:9',
        '--listen',
        any,
        '--admin-listen',
        any,
        '--no-page',
        ...flags,
      ],
      ...['--proto', `${proto}/foreign.proto`, '--proto-path', proto, '--proto-path', `${root}/proto`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let lines = 0;
  const url = await new Promise((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      lines += 1;
      if (line.includes('gateway listening')) resolve(new URL(JSON.parse(line).url));
    });
  });
  const request = Buffer.from(`POST ${path} HTTP/1.1\r\nhost: localhost\r\n${head}`, 'latin1');
  await flood(url.port, request, 4_000);
  const before = cpuMs(child.pid);
  const linesBefore = lines;
  await flood(url.port, request, REQUESTS);
  const us = ((cpuMs(child.pid) - before) * 1_000) / REQUESTS;
  console.log(`${name}: ${us.toFixed(1)} us a refusal, ${lines - linesBefore} lines of log`);
  child.kill();
}

/** So many requests in all, each connection one after the other. */
async function flood(port, request, count) {
  await Promise.all(
    Array.from({ length: CONNECTIONS }, () => {
      let left = Math.ceil(count / CONNECTIONS);
      const socket = connect(Number(port), '127.0.0.1');
      return new Promise((resolve, reject) => {
        socket.on('error', reject);
        socket.on('data', (answer) => {
          // Each answer is one piece: it is written as one, and nothing follows before the next request.
          if (!answer.includes('HTTP/1.1')) return;
          left -= 1;
          if (left > 0) socket.write(request);
          else {
            socket.end();
            resolve();
          }
        });
        socket.write(request);
      });
    }),
  );
}

function cpuMs(pid) {
  const [utime, stime] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
  return (Number(utime) + Number(stime)) * TICK_MS;
}
