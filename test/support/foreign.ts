import { fileURLToPath } from 'node:url';
import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import type { Test } from 'tap';
import {
  type Gateway,
  type GatewayOptions,
  openGateway,
  type Schema,
  schemaFromProtoFiles,
} from '../../gateway/index.js';
import { closeInTeardown } from './given-back.js';
import { openScriptedUpstream, type ScriptedUpstream, type Scripts } from './scripted-upstream.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The schema of proto/foreign.proto: a service that the gateway knows only from here. */
export function foreignSchema(): Promise<Schema> {
  return schemaFromProtoFiles([path('./proto/foreign.proto')], [path('./proto'), path('../../proto')]);
}

/** A gateway in front of a scripted service. */
export interface Foreign {
  readonly gateway: Gateway;
  readonly upstream: ScriptedUpstream;
  readonly schema: Schema;
  /** "http://127.0.0.1:port" */
  readonly url: string;
  /** The same for WebSockets. */
  readonly wsUrl: string;
  /** What was logged, parsed. */
  readonly lines: Record<string, unknown>[];
}

/** Tests call as fast as they can, on machines that may be late. */
export const UNHURRIED = { callsPerSecond: 0, eventLoopDelayMs: 0 } as const;

const F = 'foreign.v1.Foreign';

/** Opens both, and closes them in the test's teardown. Scripts are by method name: `{ Ask: [...] }`. */
export async function openForeign(
  t: Test,
  scripts: Scripts,
  options: Partial<GatewayOptions> = {},
): Promise<Foreign> {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const upstream = await openScriptedUpstream(
    Object.fromEntries(Object.entries(scripts).map(([name, script]) => [method(name), script])),
  );
  t.teardown(() => upstream.close());
  const schema = await foreignSchema();
  const gateway = await openGateway({
    upstream: upstream.target,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema,
    log,
    graceMs: 1_000,
    ...options,
    limits: present({ ...UNHURRIED, ...options.limits }),
  });
  closeInTeardown(t, gateway);
  return { gateway, upstream, schema, url: gateway.url, wsUrl: gateway.url.replace('http', 'ws'), lines };
}

/** The same without what is `undefined`: those limits have their own defaults. */
function present(limits: NonNullable<GatewayOptions['limits']>): NonNullable<GatewayOptions['limits']> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** "/foreign.v1.Foreign/Ask" */
export function method(name: string): string {
  return `/${F}/${name}`;
}

let known: Schema | undefined;

async function type(name: string): Promise<DescMessage> {
  known ??= await foreignSchema();
  const desc = known.registry.getMessage(`foreign.v1.${name}`);
  if (desc === undefined) throw new TypeError(`no message ${name}`);
  return desc;
}

/** The bytes of an Item (or another message) from its JSON. */
export async function bytes(json: JsonValue, name = 'Item'): Promise<Uint8Array> {
  const desc = await type(name);
  return toBinary(desc, fromJson(desc, json));
}

/** The JSON of an Item (or another message) from its bytes. */
export async function json(message: Uint8Array | undefined, name = 'Item'): Promise<JsonValue> {
  const desc = await type(name);
  return toJson(desc, fromBinary(desc, message ?? new Uint8Array(0)));
}

/** The bytes of a google.rpc.Status with a google.rpc.RetryInfo. */
export async function statusBytes(code: number, message: string, retryDelay: string): Promise<Uint8Array> {
  const { registry } = await foreignSchema();
  const status = registry.getMessage('google.rpc.Status');
  const retry = registry.getMessage('google.rpc.RetryInfo');
  if (status === undefined || retry === undefined) throw new TypeError('no google.rpc');
  const detail = anyPack(retry, fromJson(retry, { retryDelay }));
  return toBinary(status, create(status, { code, message, details: [detail] } as never));
}
