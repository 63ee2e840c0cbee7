import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

const OURS = fileURLToPath(new URL('../../proto', import.meta.url));
/** The protos of the peer. */
export const THEIRS = fileURLToPath(new URL('proto', import.meta.url));
/** What a schema of the peer is made of. */
export const PEER_FILES = ['foreign/v1/peer.proto', 'legacy/legacy.proto', 'bare.proto'];

/** Debian's, which has Debian's python3-grpcio; another may come first in the path and have none. */
export const python = ['/usr/bin/python3', 'python3'].find(
  (name) => spawnSync(name, ['-c', 'import grpc, google.protobuf'], { stdio: 'ignore' }).status === 0,
);

/** Why a test of this folder is left out, for tap's `skip`; false where everything is there. */
export const skip: string | false =
  python === undefined
    ? 'there is no python3 with grpcio and protobuf here'
    : spawnSync('protoc', ['-o', '/dev/null', 'google/protobuf/descriptor.proto'], { stdio: 'ignore' })
          .status !== 0
      ? "there is no protoc with its own .proto files here (Debian's protobuf-compiler and libprotobuf-dev)"
      : false;

/** A folder of this test's own, gone with it. */
export function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-foreign-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Python modules of the peer's messages, by Google's own compiler. */
export function generatePeer(t: Test): string {
  const out = folder(t);
  // The folder `grpc` would hide grpcio itself, so reflection gets another name.
  const reflection = `-Igrpc_reflection_v1alpha=${join(OURS, 'grpc/reflection/v1alpha')}`;
  protoc([
    `-I${THEIRS}`,
    `-I${OURS}`,
    reflection,
    `--python_out=${out}`,
    ...PEER_FILES,
    'google/api/annotations.proto',
    'google/api/http.proto',
    'google/rpc/status.proto',
    'google/rpc/error_details.proto',
    'grpc_reflection_v1alpha/reflection.proto',
  ]);
  return out;
}

/** Python modules of the core's messages. */
export function generateCore(t: Test): string {
  const out = folder(t);
  const files = ['streaming.proto', 'sluice/v1/options.proto'];
  files.push('google/api/annotations.proto', 'google/api/http.proto');
  protoc([`-I${OURS}`, `--python_out=${out}`, ...files]);
  return out;
}

/** Python modules of the core's messages and of the frames of sessions. */
export function generateSession(t: Test): string {
  const out = folder(t);
  const files = ['streaming.proto', 'sluice/v1/options.proto', 'sluice/v1/session.proto'];
  files.push('google/api/annotations.proto', 'google/api/http.proto', 'google/rpc/status.proto');
  protoc([`-I${OURS}`, `--python_out=${out}`, ...files]);
  return out;
}

/** The peer's descriptor set, by Google's own compiler. */
export function describePeer(t: Test): string {
  const file = join(folder(t), 'peer.binpb');
  protoc([`-I${THEIRS}`, `-I${OURS}`, '--include_imports', '-o', file, ...PEER_FILES]);
  return file;
}

function protoc(args: readonly string[]): void {
  execFileSync('protoc', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
