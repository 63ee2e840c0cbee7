// What the codec costs a message, in nanoseconds, beside @bufbuild/protobuf and protobufjs with JSON.stringify (whose JSON is
// not ProtoJSON: its timestamps are objects). Rounds are interleaved, and medians printed, because a shared machine is never
// quiet. Best pinned to a core, and built first: `taskset -c 0 node test/bench/codec.js [rounds]`.
import { join } from 'node:path';
import { type DescMessage, type FileRegistry, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import protobuf from 'protobufjs';
import { bufbuildCodec } from '../../gateway/codec/bufbuild-codec.js';
import type { Codec } from '../../gateway/codec/codec.js';
import { compiledCodec } from '../../gateway/codec/compiled-codec.js';
import { ByteWriter } from '../../gateway/codec/primitive/byte-writer.js';
import { messageOf, projectRegistry, protoRegistry } from '../gateway/codec/proto-source.js';

const rounds = Number(process.argv[2] ?? 9);
const SAMPLES = 4096;
const ROUND_MS = 40;

const ownProto = `
  syntax = "proto3";
  package bench;
  message Node { int32 id = 1; string name = 2; repeated Node children = 3; Extent extent = 4; }
  message Extent { double x = 1; double y = 2; sint32 width = 3; uint32 height = 4; }
  message Labels { map<string, string> labels = 1; map<int32, int64> counts = 2; repeated int32 codes = 3; }`;

interface Subject {
  readonly name: string;
  readonly type: DescMessage;
  readonly registry: FileRegistry;
  readonly root: protobuf.Root;
  readonly sample: (index: number) => JsonValue;
}

function subjects(): Subject[] {
  const project = projectRegistry();
  const own = protoRegistry({ 'bench.proto': ownProto });
  const folder = join(import.meta.dirname, '..', '..', 'proto');
  const projectRoot = new protobuf.Root();
  const bundled = join(import.meta.dirname, '..', '..', 'node_modules', 'protobufjs');
  projectRoot.resolvePath = (_, target) =>
    join(target.startsWith('google/protobuf/') ? bundled : folder, target);
  projectRoot.loadSync('streaming.proto', { keepCase: true });
  const ownRoot = protobuf.parse(ownProto).root;
  const time = (index: number) =>
    new Date(1_714_564_800_000 + index * 37).toISOString().replace('.000Z', 'Z');
  const node = (index: number, depth: number): JsonValue => ({
    id: index,
    name: `node-${index}`,
    ...(depth === 0 ? {} : { children: [node(index * 2, depth - 1), node(index * 2 + 1, depth - 1)] }),
    extent: { x: index / 4, y: -index / 10, width: index % 200, height: 40 },
  });
  return [
    {
      name: 'StockPrice',
      type: messageOf(project, 'streaming.StockPrice'),
      registry: project,
      root: projectRoot,
      sample: (index) => ({
        symbol: ['AAPL', 'MSFT', 'GOOG', 'AMZN'][index % 4] as string,
        price: Math.round(10_000 + ((index * 7919) % 40_000)) / 100,
        change: Math.round(((index * 104_729) % 1000) - 500) / 100 || 0.25,
        volume: String(1000 + ((index * 15_485_863) % 10_000_000)),
        timestamp: time(index),
      }),
    },
    {
      name: 'ChatMessage',
      type: messageOf(project, 'streaming.ChatMessage'),
      registry: project,
      root: projectRoot,
      sample: (index) => ({
        userId: `user-${index % 100}`,
        roomId: 'general',
        message: `Hello from message number ${index}, how are you today?`,
        timestamp: time(index),
        sequence: String(index + 1),
      }),
    },
    {
      name: 'nested',
      type: messageOf(own, 'bench.Node'),
      registry: own,
      root: ownRoot,
      sample: (index) => node(index + 1, 2),
    },
    {
      name: 'maps',
      type: messageOf(own, 'bench.Labels'),
      registry: own,
      root: ownRoot,
      sample: (index) => ({
        labels: Object.fromEntries(
          Array.from({ length: 12 }, (_, key) => [`label-${key}`, `value ${key} of ${index}`]),
        ),
        counts: Object.fromEntries(
          Array.from({ length: 12 }, (_, key) => [String(key + 1), String(index * key)]),
        ),
        codes: Array.from({ length: 12 }, (_, code) => index + code),
      }),
    },
  ];
}

type Work = (index: number) => unknown;

function median(values: number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] as number;
}

/** Nanoseconds a call, of each of the works, in turn. */
function measure(works: Record<string, Work>): Record<string, number> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let round = -2; round < rounds; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const start = process.hrtime.bigint();
      const until = start + BigInt(ROUND_MS * 1_000_000);
      let count = 0;
      while (process.hrtime.bigint() < until) {
        for (let index = 0; index < SAMPLES; index += 1) work(index);
        count += SAMPLES;
      }
      const each = Number(process.hrtime.bigint() - start) / count;
      // The first two rounds warm up.
      if (round >= 0) times[name]?.push(each);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
}

function printWork(codec: Codec, type: DescMessage, wires: readonly Uint8Array[]): Work {
  const messageCodec = codec.forMessage(type);
  const out = new ByteWriter();
  return (index) => {
    // As the pump does: a batch of messages, then one buffer.
    if (out.length > 14_000) out.take();
    const wire = wires[index] as Uint8Array;
    messageCodec.writeJson(wire, 0, wire.length, out);
  };
}

function parseWork(codec: Codec, type: DescMessage, texts: readonly string[]): Work {
  const messageCodec = codec.forMessage(type);
  return (index) => messageCodec.fromJson(texts[index] as string);
}

function run(subject: Subject): void {
  const { type, registry } = subject;
  const wires: Buffer[] = [];
  const texts: string[] = [];
  for (let index = 0; index < SAMPLES; index += 1) {
    const wire = Buffer.from(toBinary(type, fromJson(type, subject.sample(index), { registry })));
    wires.push(wire);
    const out = new ByteWriter();
    bufbuildCodec(registry).forMessage(type).writeJson(wire, 0, wire.length, out);
    texts.push(out.take().toString());
  }
  const bufbuild = bufbuildCodec(registry);
  const generated = compiledCodec(registry, { codeGeneration: true });
  const interpreted = compiledCodec(registry, { codeGeneration: false });
  const protobufjs = subject.root.lookupType(type.typeName);
  const conversion = { longs: String, enums: String, bytes: String };
  const printing = measure({
    bufbuild: printWork(bufbuild, type, wires),
    protobufjs: (index) => {
      const message = protobufjs.decode(wires[index] as Buffer);
      return Buffer.from(JSON.stringify(protobufjs.toObject(message, conversion)));
    },
    interpreted: printWork(interpreted, type, wires),
    generated: printWork(generated, type, wires),
  });
  const parsing = measure({
    bufbuild: parseWork(bufbuild, type, texts),
    'JSON.parse alone': (index) => JSON.parse(texts[index] as string),
    interpreted: parseWork(interpreted, type, texts),
    generated: parseWork(generated, type, texts),
  });
  const bytes = Math.round(wires.reduce((sum, wire) => sum + wire.length, 0) / SAMPLES);
  const characters = Math.round(texts.reduce((sum, text) => sum + text.length, 0) / SAMPLES);
  report(`${subject.name} (${bytes} B, ${characters} B of JSON), wire -> JSON`, printing);
  report(`${subject.name}, JSON -> wire`, parsing);
}

function report(title: string, times: Record<string, number>): void {
  const base = times.bufbuild as number;
  const cells = Object.entries(times).map(
    ([name, time]) =>
      `${name} ${time.toFixed(0)} ns${name === 'bufbuild' ? '' : ` (${(base / time).toFixed(1)}x)`}`,
  );
  process.stdout.write(`| ${title} | ${cells.join(' | ')} |\n`);
}

process.stdout.write(`Node ${process.version}, ${rounds} rounds\n`);
for (const subject of subjects()) run(subject);
