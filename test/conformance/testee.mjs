// What protobuf's conformance runner talks to: `testee.mjs SET MODE`, SET a file with the descriptors of its test messages and
// MODE `generated` or `interpreted`. On stdin and stdout: four bytes of length, little-endian, and a message.
import { readFileSync, readSync, writeSync } from 'node:fs';
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { ByteWriter, compiledCodec } from '../../dist/gateway/codec/index.js';

const [, , setFile, mode] = process.argv;
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(setFile)));
const codec = compiledCodec(registry, { codeGeneration: mode === 'generated' });
const Request = registry.getMessage('conformance.ConformanceRequest');
const Response = registry.getMessage('conformance.ConformanceResponse');
const PROTOBUF = 1;
const JSON_FORMAT = 2;
const IGNORES_UNKNOWN_FIELDS = 3;
const out = new ByteWriter();

/** The bytes of stdin, or undefined at its end. */
function read(count) {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count; ) {
    const got = readSync(0, bytes, at, count - at, null);
    if (got === 0) return undefined;
    at += got;
  }
  return bytes;
}

function write(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

/** JSON, as text. Throws what the codec throws. */
function print(type, wire) {
  out.length = 0;
  codec.forMessage(type).writeJson(wire, 0, wire.length, out);
  return out.buffer.toString('utf8', 0, out.length);
}

/**
 * The runner asks which half failed, reading the wire or printing the JSON. The codec has no halves: what another reader can read,
 * it could not print.
 */
function printFault(type, wire, error) {
  try {
    fromBinary(type, wire);
  } catch {
    return { case: 'parseError', value: error.message };
  }
  return { case: 'serializeError', value: error.message };
}

/** One conversion is the codec's; input and output in the same format go there and back. */
function answer(request) {
  const { payload, requestedOutputFormat: format } = request;
  if (format !== PROTOBUF && format !== JSON_FORMAT) return skipped('this output is neither wire nor JSON');
  if (request.testCategory === IGNORES_UNKNOWN_FIELDS) return skipped('unknown fields are refused');
  const type = registry.getMessage(request.messageType);
  if (type === undefined) return { case: 'runtimeError', value: `there is no ${request.messageType}` };
  let wire;
  let json;
  if (payload.case === 'protobufPayload') {
    wire = payload.value;
    try {
      json = print(type, wire);
    } catch (error) {
      return printFault(type, wire, error);
    }
    if (format === JSON_FORMAT) return { case: 'jsonPayload', value: json };
    try {
      return { case: 'protobufPayload', value: codec.forMessage(type).fromJson(json) };
    } catch (error) {
      return { case: 'serializeError', value: error.message };
    }
  }
  if (payload.case !== 'jsonPayload') return skipped('this input is neither wire nor JSON');
  try {
    wire = codec.forMessage(type).fromJson(payload.value);
  } catch (error) {
    return { case: 'parseError', value: error.message };
  }
  if (format === PROTOBUF) return { case: 'protobufPayload', value: wire };
  try {
    return { case: 'jsonPayload', value: print(type, wire) };
  } catch (error) {
    return { case: 'serializeError', value: error.message };
  }
}

function skipped(reason) {
  return { case: 'skipped', value: reason };
}

/** The runner's first question: what is expected to fail. It has a list for that. */
function respond(request) {
  if (request.messageType === 'conformance.FailureSet')
    return { case: 'protobufPayload', value: new Uint8Array() };
  try {
    return answer(request);
  } catch (error) {
    return { case: 'runtimeError', value: String(error?.stack ?? error) };
  }
}

for (let head = read(4); head !== undefined; head = read(4)) {
  const body = read(head.readUInt32LE());
  if (body === undefined) throw new Error('the request is cut');
  const bytes = toBinary(Response, create(Response, { result: respond(fromBinary(Request, body)) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  write(length);
  write(bytes);
}
