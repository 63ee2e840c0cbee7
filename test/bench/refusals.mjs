/**
 * What a refused request costs the gateway: CPU time of its process for each, by kind of refusal, over kept connections.
 *
 *     node test/bench/refusals.mjs [--requests 40000] [--rounds 3] [--only TEXT] [--also NAME=FOLDER]
 *
 * All builds take turns in each round, and so does the floor: `node:http`, or `node:http2`, which answers the same to everybody and looks at nothing.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { floodHttp1, floodHttp2, holdOpen } from './load/refusal-flood.mjs';

const here = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '40000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    also: { type: 'string', multiple: true, default: [] },
  },
});
const REQUESTS = Number(values.requests);
/** Of the clock that /proc counts CPU time by, in Linux's interface always. */
const TICK_MS = 10;

const folder = mkdtempSync('/tmp/sluice-refusals-');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const ISSUER = 'https://id.example';
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
writeFileSync(
  `${folder}/keys.json`,
  JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] }),
);
const config = `${folder}/gateway.json`;
writeFileSync(
  config,
  JSON.stringify({
    auth: { issuers: [{ issuer: ISSUER, audience: ['sluice'], keys: { file: `${folder}/keys.json` } }] },
    methods: { 'foreign.v1.Foreign/Ask': { access: { scopes: ['more'] } } },
  }),
);
const good = await new SignJWT({})
  .setProtectedHeader({ alg: 'ES256', kid: 'k' })
  .setIssuer(ISSUER)
  .setAudience('sluice')
  .setSubject('alice')
  .setExpirationTime('10h')
  .sign(privateKey);
const bad = `${good.slice(0, -40)}${'A'.repeat(40)}`;

const RATE = ['--calls-per-second', '1'];
const FREE = ['--calls-per-second', '0'];
const AUTH = [...FREE, '--config', config];
const JSON_BODY = { headers: { 'content-type': 'application/json' }, body: '{}' };
const WEB_BODY = { headers: { 'content-type': 'application/grpc-web' }, body: '\0\0\0\0\0' };
const GRPC_BODY = { headers: { 'content-type': 'application/grpc', te: 'trailers' }, body: '\0\0\0\0\0' };
const CONNECT_BODY = { headers: { 'content-type': 'application/proto' }, body: '' };
const EVENTS = { method: 'GET', path: '/foreign/down', headers: { accept: 'text/event-stream' } };
const shows = (token) => ({
  ...JSON_BODY,
  headers: { ...JSON_BODY.headers, authorization: `Bearer ${token}` },
});

const ROWS = [
  { name: 'rate, JSON', flags: RATE, request: JSON_BODY },
  { name: 'rate, JSON, no log', flags: [...RATE, '--log-calls', 'off'], request: JSON_BODY },
  { name: 'rate, SSE', flags: RATE, request: EVENTS },
  { name: 'rate, Connect', flags: RATE, request: CONNECT_BODY },
  { name: 'rate, gRPC-Web', flags: RATE, request: WEB_BODY },
  {
    name: 'open exchanges of an address',
    flags: [...FREE, '--exchanges-per-address', '1'],
    request: JSON_BODY,
    holds: true,
  },
  { name: 'open exchanges of all', flags: [...FREE, '--exchanges', '1'], request: JSON_BODY, holds: true },
  { name: 'no credential', flags: AUTH, request: JSON_BODY },
  { name: 'bad token, no token at all', flags: AUTH, request: shows('nothing') },
  { name: 'bad token, bad signature', flags: AUTH, request: shows(bad) },
  { name: 'access', flags: AUTH, request: shows(good) },
  { name: 'host', flags: FREE, request: { ...JSON_BODY, host: 'evil.example' } },
  { name: 'no such path', flags: FREE, request: { ...JSON_BODY, path: '/none' } },
  { name: 'rate, JSON over HTTP/2', flags: RATE, request: JSON_BODY, http2: true },
  { name: 'rate, gRPC', flags: RATE, request: GRPC_BODY, http2: true },
  { name: 'no credential, gRPC', flags: AUTH, request: GRPC_BODY, http2: true },
];

const builds = [['this', here], ...values.also.map((also) => also.split('='))];
const rows = ROWS.filter(({ name }) => name.includes(values.only));
console.log(
  `CPU us for one refusal, least and median of ${values.rounds} rounds of ${REQUESTS}; lines of log of one round\n`,
);
for (const row of rows) await measure(row);

async function measure(row) {
  const running = [];
  try {
    for (const [label, root] of [['floor', undefined], ...builds])
      running.push({ label, us: [], ...(await start(root, row)) });
    const flood = row.http2 ? floodHttp2 : floodHttp1;
    for (const { port } of running) await flood(port, row.request, 4_000);
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const one of running) {
        const linesBefore = one.lines();
        const before = cpuMs(one.child.pid);
        await flood(one.port, row.request, REQUESTS);
        one.us.push(((cpuMs(one.child.pid) - before) * 1_000) / REQUESTS);
        one.logged = one.lines() - linesBefore;
      }
    }
    const cells = running.map(({ label, us, logged }) => {
      const [least, median] = [0, Math.floor(us.length / 2)].map((at) => us.toSorted((a, b) => a - b)[at]);
      return `${label} ${least.toFixed(1)} ${median.toFixed(1)} (${logged})`;
    });
    console.log(`${row.name}: ${cells.join(', ')}`);
  } finally {
    for (const { child, letGo } of running) {
      letGo();
      child.kill();
    }
  }
}

async function start(root, { flags = [], holds = false, http2 = false }) {
  const any = '127.0.0.1:0';
  const proto = `${here}/test/support/proto`;
  const sluice = [
    `${root}/dist/bin/sluice.js`,
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
  ];
  const bare = [`${here}/test/bench/load/bare-refusals.mjs`, http2 ? 'http2' : 'http'];
  const child = spawn(process.execPath, root === undefined ? bare : sluice, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lines = 0;
  const port = await new Promise((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      lines += 1;
      if (line.includes('gateway listening')) resolve(Number(new URL(JSON.parse(line).url).port));
    });
  });
  const letGo = holds ? await holdOpen(port) : () => {};
  return { child, port, lines: () => lines, letGo };
}

function cpuMs(pid) {
  const [utime, stime] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
  return (Number(utime) + Number(stime)) * TICK_MS;
}
