// Builds the peers in Go, where Debian's packages are installed. Generated code and binaries live in a folder that goes
// with the process; the compiler's own cache makes the second time quick.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { here } from './processes.mjs';
import { makeWireSamples } from './samples.mjs';

/** Where Debian's -dev packages of Go put their sources. */
const DEBIAN_GOPATH = '/usr/share/gocode';
const GATEWAY_SOURCES = join(DEBIAN_GOPATH, 'src/github.com/grpc-ecosystem/grpc-gateway');
const BUILD_LIMIT_MS = 300_000;
export const GO_INSTALL =
  'apt-get install golang-go golang-github-grpc-ecosystem-grpc-gateway-dev golang-google-grpc-dev ' +
  'golang-goprotobuf-dev golang-grpc-gateway protoc-gen-go-1-3 protobuf-compiler';

function run(command, args, env = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: BUILD_LIMIT_MS,
    env: { ...process.env, ...env },
  });
  if (error !== undefined || status !== 0) {
    throw new Error(
      `${command}: ${error?.message ?? (stderr.trim().split('\n').slice(0, 3).join('; ') || status)}`,
    );
  }
  return stdout.trim();
}

/** Debian's version of a package, `?` where there is no dpkg. */
function packageVersion(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own spelling.
  const { stdout, status } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' });
  return status === 0 ? stdout.split('-')[0] : '?';
}

/** The upstream sends the messages that all others send: each behind its length. */
function writeSamples(file, types) {
  const parts = makeWireSamples(types, 'StockPrice').flatMap((message) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    return [length, message];
  });
  writeFileSync(file, Buffer.concat(parts));
}

function build(folder, types) {
  const source = join(folder, 'src', 'sluicebench');
  mkdirSync(join(folder, 'bin'));
  cpSync(here('peers/go'), source, { recursive: true });
  const options = ['-I', source, '-I', join(GATEWAY_SOURCES, 'third_party/googleapis')];
  // Today's protoc names a package for timestamps that the plugin of 2020 does not know.
  const timestamps = 'Mgoogle/protobuf/timestamp.proto=github.com/golang/protobuf/ptypes/timestamp';
  const to = join(folder, 'src');
  const outs = [`--go_out=plugins=grpc,${timestamps}:${to}`, `--grpc-gateway_out=${timestamps}:${to}`];
  run('protoc', [...options, ...outs, join(source, 'stocks.proto')]);
  const env = { GO111MODULE: 'off', GOPATH: `${folder}:${DEBIAN_GOPATH}`, GOFLAGS: '' };
  for (const name of ['gateway', 'upstream']) {
    run('go', ['build', '-o', join(folder, 'bin', name), `sluicebench/${name}`], env);
  }
  const samples = join(folder, 'samples.bin');
  writeSamples(samples, types);
  const versions = [
    run('go', ['version']).split(' ')[2].replace('go', 'Go '),
    `grpc-gateway ${packageVersion('golang-github-grpc-ecosystem-grpc-gateway-dev')}`,
    `grpc-go ${packageVersion('golang-google-grpc-dev')}`,
  ];
  return {
    gateway: join(folder, 'bin', 'gateway'),
    upstream: join(folder, 'bin', 'upstream'),
    samples,
    versions: versions.join(', '),
  };
}

/** `{ gateway, upstream, samples, versions }`, paths all but the last; or `{ missing }`, why there are none. */
export function buildGoPeers(types) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-go-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  try {
    return build(folder, types);
  } catch (reason) {
    return { missing: reason.message };
  }
}
