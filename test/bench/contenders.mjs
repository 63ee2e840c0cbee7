// Who is compared, and how each is started in front of an upstream.
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fanOutBounds } from './fan-out.mjs';
import { GATEWAY_CPU, here, startServer, startSluice } from './processes.mjs';

const WINDOW_BYTES = 4 * 1024 * 1024;
/** Connect needs these; `--peers DIR` says where they are. 2.1 is the last that runs on Node 20. */
const CONNECT_PACKAGES = ['@connectrpc/connect', '@connectrpc/connect-node', '@bufbuild/protobuf'];
export const CONNECT_INSTALL =
  'npm i --prefix DIR @connectrpc/connect@2.1.2 @connectrpc/connect-node@2.1.2 @bufbuild/protobuf@2.17.0';

/** A build of Sluice: its command and the descriptor set it comes with. */
export function sluiceBuild(checkout) {
  const command = join(checkout, 'dist', 'bin', 'sluice.js');
  if (!existsSync(command)) throw new Error(`${command} is missing: npm run build there first`);
  return { command, descriptorSet: join(checkout, 'dist', 'proto', 'sluice.binpb') };
}

function sluice(name, build, gatewayArgs, { kind = 'sluice', logArgs = ['--log-level', 'warn'] } = {}) {
  return {
    kind,
    name,
    dialect: 'canonical',
    build,
    start: (upstreamPort, limitMs) =>
      startSluice(
        [
          build.command,
          'gateway',
          ...['--descriptor-set', build.descriptorSet],
          ...['--upstream', `127.0.0.1:${upstreamPort}`],
          ...['--listen', '127.0.0.1:0'],
          ...['--admin-listen', '127.0.0.1:0'],
          '--no-page',
          ...logArgs,
          ...gatewayArgs,
        ],
        { cpu: GATEWAY_CPU, limitMs },
      ),
  };
}

function server(kind, name, file, args, dialect = 'canonical') {
  return {
    kind,
    name,
    dialect,
    /** The command line, as it is for the row of cold starts. */
    command: (upstreamPort) =>
      isAbsolute(file)
        ? [file, ...args(upstreamPort)]
        : [process.execPath, here(file), ...args(upstreamPort).map(String)],
    start: (upstreamPort, limitMs) => startServer(file, args(upstreamPort), { cpu: GATEWAY_CPU, limitMs }),
  };
}

function connectVersion(peersDir) {
  if (peersDir === undefined) return undefined;
  const manifests = CONNECT_PACKAGES.map((name) => join(peersDir, 'node_modules', name, 'package.json'));
  const missing = manifests.find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`${missing} is missing: ${CONNECT_INSTALL}`);
  return JSON.parse(readFileSync(manifests[1], 'utf8')).version;
}

/** Every contender of this run, in the order in which they take their turns. `kind` is what rows.mjs calls it. */
export function createContenders(options, { root, file, go }) {
  const protoDir = join(root, 'proto');
  const build = sluiceBuild(root);
  const contenders = [sluice(options.label, build, options.gatewayArgs)];
  for (const { label, args } of options.variants) contenders.push(sluice(label, build, args));
  for (const { label, checkout } of options.also) {
    contenders.push(sluice(label, sluiceBuild(checkout), options.gatewayArgs));
  }
  // As it comes: a line of log for each call, which nobody else here writes.
  contenders.push(
    sluice(`${options.label}, its log on`, build, options.gatewayArgs, { kind: 'log-on', logArgs: [] }),
  );
  const handWritten = (extra) => (port) => [String(port), protoDir, ...extra];
  contenders.push(
    server('hand-written', 'hand-written', 'hand-written/gateway.mjs', handWritten([]), 'proto-loader'),
    server(
      'hand-written-window',
      'hand-written, 4 MiB window',
      'hand-written/gateway.mjs',
      handWritten([String(WINDOW_BYTES)]),
      'proto-loader',
    ),
  );
  const version = connectVersion(options.peers);
  if (version !== undefined) {
    const args = (port) => [String(port), build.descriptorSet, options.peers];
    contenders.push(server('connect', `Connect for Node ${version}`, 'peers/connect.mjs', args));
  }
  if (go.missing === undefined) {
    contenders.push(server('go', 'Go grpc-gateway', go.gateway, (port) => [String(port)]));
  }
  for (const kind of ['fastify', 'node']) {
    const args = () => [kind, build.descriptorSet];
    contenders.push(
      server(
        `constant-${kind}`,
        `${kind === 'node' ? 'node:http' : 'Fastify'}, a constant`,
        'peers/constant.mjs',
        args,
      ),
    );
  }
  for (const kib of [64, 256]) {
    const args = () => [file, String(kib * 1024)];
    contenders.push(server(`file-pipe-${kib}`, `plain Node, ${kib} KiB reads`, 'peers/file-pipe.mjs', args));
  }
  for (const [kind, name, to] of [
    ['body-null', 'plain Node, body to /dev/null', '/dev/null'],
    ['body-socket', 'plain Node, body to a socket', 'socket'],
  ]) {
    const args = () => [file, String(64 * 1024), to];
    contenders.push(server(kind, name, 'peers/file-pipe.mjs', args));
  }
  contenders.push(...fanOutBounds(build.descriptorSet));
  // A build of Sluice goes by its label: there may be several.
  const skipped = ({ kind, name }) =>
    options.skip.includes(name) || (kind !== 'sluice' && options.skip.includes(kind));
  return contenders.filter((contender) => !skipped(contender));
}
