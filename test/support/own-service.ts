import { type DescMessage, fromBinary, fromJson, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf';
import { pino } from 'pino';
import type { Test } from 'tap';
import { type GatewayOptions, openGateway, type Schema } from '../../gateway/index.js';
import { schemaFromText } from '../gateway/schema/schema-from-text.js';
import { UNHURRIED } from './foreign.js';
import { closeInTeardown } from './given-back.js';
import { openScriptedUpstream, type ScriptedUpstream, type Scripts } from './scripted-upstream.js';

/** A gateway in front of a scripted service whose proto is written in the test: package `t`, service `S`. */
export interface OwnService {
  /** "http://127.0.0.1:port" */
  readonly url: string;
  /** The same for WebSockets. */
  readonly wsUrl: string;
  readonly upstream: ScriptedUpstream;
  readonly schema: Schema;
  /** The bytes of a message of the package from its JSON. */
  encode(type: string, json: JsonValue): Uint8Array;
  /** The JSON of a message of the package from its bytes. */
  decode(type: string, message: Uint8Array | undefined): JsonValue;
}

/**
 * Opens both, and closes them in the test's teardown. `text` is a proto3 file without its head; scripts are by method name, made from
 * `encode`.
 */
export async function openOwnService(
  t: Test,
  text: string,
  scripts: (encode: OwnService['encode']) => Scripts,
  options: Partial<GatewayOptions> = {},
): Promise<OwnService> {
  const schema = await schemaFromText(t, text);
  const typeOf = (name: string): DescMessage => {
    const type = schema.registry.getMessage(name.includes('.') ? name : `t.${name}`);
    if (type === undefined) throw new TypeError(`no message ${name}`);
    return type;
  };
  const encode = (name: string, json: JsonValue) =>
    toBinary(typeOf(name), fromJson(typeOf(name), json, { registry: schema.registry }));
  const upstream = await openScriptedUpstream(
    Object.fromEntries(Object.entries(scripts(encode)).map(([name, script]) => [`/t.S/${name}`, script])),
  );
  t.teardown(() => upstream.close());
  const gateway = await openGateway({
    upstream: upstream.target,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema,
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
    ...options,
    limits: { ...UNHURRIED, ...options.limits },
  });
  closeInTeardown(t, gateway);
  return {
    url: gateway.url,
    wsUrl: gateway.url.replace('http', 'ws'),
    upstream,
    schema,
    encode,
    decode: (name, message) =>
      toJson(typeOf(name), fromBinary(typeOf(name), message ?? new Uint8Array(0)), {
        registry: schema.registry,
      }),
  };
}
