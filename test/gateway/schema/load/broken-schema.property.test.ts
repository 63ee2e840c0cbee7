import { join } from 'node:path';
import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  FieldDescriptorProto_Type as FieldType,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { compiledCodec } from '../../../../gateway/codec/index.js';
import { exampleJson } from '../../../../gateway/schema/describe/example.js';
import {
  descriptorSetFromProtoFiles,
  type Schema,
  SchemaError,
  schemaFromDescriptorSet,
  schemaFromReflection,
} from '../../../../gateway/schema/index.js';
import { memoryReflection } from './memory-reflection.js';

const FILES = {
  'base.proto': `syntax = "proto3"; package base; message Money { int64 units = 1; Unit unit = 2; } enum Unit { NONE = 0; EUR = 1; }
    message Page { int32 size = 1; string token = 2; }`,
  'people.proto': `syntax = "proto3"; package people.v1; import "base.proto"; import "google/protobuf/timestamp.proto";
    message Person { string name = 1; repeated Address addresses = 2; google.protobuf.Timestamp born = 3; optional int32 shoe = 4;
      message Address { string street = 1; Kind kind = 2; enum Kind { HOME = 0; WORK = 1; } } }
    message People { repeated Person people = 1; base.Page page = 2; }
    service Directory { rpc Get(base.Page) returns (People); rpc Put(Person) returns (Person.Address); rpc Ping(Nothing) returns (Nothing); }
    message Nothing {}`,
  'shop.proto': `syntax = "proto3"; package shop.v1; import "base.proto"; import "people.proto";
    message Item { string id = 1; base.Money price = 2; map<string, string> labels = 3; map<string, Item> parts = 4; oneof by { string code = 5; people.v1.Person maker = 6; } }
    message Order { repeated Item items = 1; base.Money total = 2; }
    message Ticket { string id = 1; }
    service Shop { rpc Price(Item) returns (base.Money); rpc Buy(stream Order) returns (stream Ticket); rpc Check(Ticket) returns (Ticket); }`,
  'old.proto': `syntax = "proto2"; package old; message Row { required string key = 1; optional group Cell = 2 { optional int32 x = 1; } extensions 100 to 200; }
    extend Row { optional string note = 100; } enum State { ON = 1; OFF = 2; }
    service Table { rpc Read(Row) returns (Row); rpc Look(Look_) returns (Look_); } message Look_ { optional State state = 1; }`,
};

async function wholeSet(t: Pick<Test, 'testdir'>): Promise<Uint8Array> {
  const folder = t.testdir(FILES);
  return descriptorSetFromProtoFiles(
    Object.keys(FILES).map((name) => join(folder, name)),
    [folder],
  );
}

/** Every type that a message needs, itself included. */
function closureOf(message: DescMessage, found = new Set<string>()): Set<string> {
  if (found.has(message.typeName)) return found;
  found.add(message.typeName);
  for (const field of message.fields) {
    if (field.message !== undefined) closureOf(field.message, found);
    if (field.enum !== undefined) found.add(field.enum.typeName);
  }
  return found;
}

/** What was done to a set: its files as bytes, and which types and services may have changed. */
interface Broken {
  readonly files: Uint8Array[];
  readonly touched: Set<string>;
}

const KINDS = [
  ...[
    'remove',
    'rename file',
    'duplicate',
    'duplicate apart',
    'cut',
    'garbage',
    'remove message',
    'rename message',
  ],
  ...[
    'remove enum',
    'rename enum',
    'no imports',
    'wrong imports',
    'rename package',
    'retype',
    'renumber',
    'wrong number',
  ],
  ...[
    'wrong oneof',
    'wrong kind',
    'no type',
    'bad name',
    'syntax',
    'edition',
    'no entry option',
    'self import',
    'empty enum',
  ],
  ...['relative names', 'remove field', 'field twice', 'method type', 'method name'],
] as const;

function breakSet(bytes: Uint8Array, kind: (typeof KINDS)[number], pick: (count: number) => number): Broken {
  const files = fromBinary(FileDescriptorSetSchema, bytes).file;
  const own = files.filter(({ name }) => name in FILES);
  const file = own[pick(own.length)] as FileDescriptorProto;
  const touched = new Set<string>();
  const full = (name: string) => `${file.package}.${name}`;
  const touchMessage = (message: DescriptorProto, name: string) => {
    touched.add(name);
    for (const nested of message.nestedType) touchMessage(nested, `${name}.${nested.name}`);
    for (const nested of message.enumType) touched.add(`${name}.${nested.name}`);
  };
  const touchFile = () => {
    for (const message of file.messageType) touchMessage(message, full(message.name));
    for (const { name } of [...file.enumType, ...file.service]) touched.add(full(name));
  };
  const message = file.messageType[pick(file.messageType.length)] as DescriptorProto;
  const field = message.field[pick(Math.max(1, message.field.length))];
  const owner = file.enumType.length > 0 ? file : own.find(({ enumType }) => enumType.length > 0);
  const service = file.service[0];
  const method = service?.method[pick(Math.max(1, service.method.length))];
  const all = () => files.map((each) => toBinary(FileDescriptorProtoSchema, each));
  const at = files.indexOf(file);
  const withField = (change: (own: NonNullable<typeof field>) => void) => {
    touched.add(full(message.name));
    if (field !== undefined) change(field);
  };
  switch (kind) {
    case 'remove':
      touchFile();
      return { files: all().toSpliced(at, 1), touched };
    case 'rename file':
      file.name = `else/where/${file.name}`;
      break;
    case 'duplicate':
      return { files: [...all(), toBinary(FileDescriptorProtoSchema, file)], touched };
    case 'duplicate apart': {
      const before = all();
      file.messageType.push(
        create(FileDescriptorProtoSchema, { messageType: [{ name: 'Extra' }] })
          .messageType[0] as DescriptorProto,
      );
      for (const { field: fields } of file.messageType) fields.splice(0, 1);
      return { files: [...before, toBinary(FileDescriptorProtoSchema, file)], touched };
    }
    case 'cut': {
      touchFile();
      const list: Uint8Array[] = all();
      const whole = list[at] as Uint8Array;
      list[at] = whole.slice(0, pick(whole.length));
      return { files: list, touched };
    }
    case 'garbage': {
      touchFile();
      const list: Uint8Array[] = all();
      list[at] = Buffer.from(
        (list[at] as Uint8Array).map((byte, index) => (index % 7 === 3 ? byte ^ (1 << pick(8)) : byte)),
      );
      return { files: list, touched };
    }
    case 'remove message':
      touchMessage(message, full(message.name));
      file.messageType = file.messageType.filter((each) => each !== message);
      break;
    case 'rename message':
      touchMessage(message, full(message.name));
      message.name = `${message.name}Renamed`;
      break;
    case 'remove enum':
    case 'rename enum':
    case 'empty enum': {
      const target = owner?.enumType[0];
      if (owner === undefined || target === undefined) break;
      touched.add(`${owner.package}.${target.name}`);
      if (kind === 'remove enum') owner.enumType = [];
      else if (kind === 'empty enum') target.value = [];
      else target.name = 'Other';
      break;
    }
    case 'no imports':
      for (const each of files) each.dependency = [];
      break;
    case 'wrong imports':
      file.dependency = ['no/such.proto', ...file.dependency.map((name) => `moved/${name}`)];
      break;
    case 'self import':
      for (const each of files) each.dependency = files.map(({ name }) => name);
      break;
    case 'rename package':
      touchFile();
      file.package = 'gone';
      break;
    case 'retype':
      withField((each) => {
        each.type = FieldType.MESSAGE;
        each.typeName = '.no.Such';
      });
      break;
    case 'renumber':
      withField((each) => {
        each.number += 50;
      });
      break;
    case 'wrong number':
      withField((each) => {
        each.number = [0, -1, 2 ** 30][pick(3)] as number;
      });
      break;
    case 'wrong oneof':
      withField((each) => {
        each.oneofIndex = 77;
      });
      break;
    case 'wrong kind':
      withField((each) => {
        each.type = 99 as FieldType;
      });
      break;
    case 'no type':
      withField((each) => {
        each.type = FieldType.ENUM;
        each.typeName = '';
      });
      break;
    case 'bad name':
      withField((each) => {
        each.name = ['', 'a b', 'é', '.x'][pick(4)] as string;
      });
      break;
    case 'remove field':
      withField((each) => {
        message.field = message.field.filter((one) => one !== each);
      });
      break;
    case 'field twice':
      withField((each) => {
        message.field.push(each);
      });
      break;
    case 'syntax':
      touchFile();
      file.syntax = '<unknown:0>';
      break;
    case 'edition':
      touchFile();
      file.syntax = 'editions';
      file.edition = 7 as typeof file.edition;
      break;
    case 'no entry option':
      for (const each of file.messageType) {
        const entries = each.nestedType.filter(({ options }) => options?.mapEntry === true);
        for (const entry of entries) {
          touched.add(full(each.name));
          if (entry.options) entry.options.mapEntry = false;
        }
      }
      break;
    case 'relative names':
      for (const each of files) {
        for (const { field: fields } of each.messageType)
          for (const one of fields) one.typeName = one.typeName.replace(/^\./, '');
        for (const { method: methods } of each.service)
          for (const one of methods) {
            one.inputType = one.inputType.slice(1);
            one.outputType = one.outputType.slice(1);
          }
      }
      break;
    case 'method type':
    case 'method name':
      if (service === undefined || method === undefined) break;
      touched.add(`${full(service.name)}/${method.name}`);
      if (kind === 'method type') method.outputType = ['.no.Such', '', '.base.Unit'][pick(3)] as string;
      else method.name = ['', 'a/b', 'é'][pick(3)] as string;
      break;
  }
  return { files: all(), touched };
}

function setFrom(files: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    files.flatMap((file) => {
      const length: number[] = [];
      for (let rest = file.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest <= 127) break;
      }
      return [Buffer.from([10, ...length]), file];
    }),
  );
}

/** A server that has these files: it looks symbols up in those that can be read, and sends one file an answer, or all of them. */
function serve(files: readonly Uint8Array[], services: readonly string[], sendsAll: boolean) {
  const readable = files.flatMap((bytes) => {
    try {
      return [{ bytes, proto: fromBinary(FileDescriptorProtoSchema, bytes) }];
    } catch {
      return [];
    }
  });
  const broken = files.filter((bytes) => !readable.some((each) => each.bytes === bytes));
  const declares = (
    { package: outer, messageType, enumType, service, extension }: FileDescriptorProto,
    symbol: string,
  ) =>
    [...messageType, ...enumType, ...service, ...extension].some(({ name }) => {
      const full = outer === '' ? name : `${outer}.${name}`;
      return symbol === full || symbol.startsWith(`${full}.`);
    });
  return memoryReflection((request) => {
    if (request.listServices !== undefined)
      return { listServicesResponse: { service: services.map((name) => ({ name })) } };
    const symbol = request.fileContainingSymbol;
    const found = readable.filter(({ proto }) =>
      typeof symbol === 'string' ? declares(proto, symbol) : proto.name === request.fileByFilename,
    );
    if (found.length === 0) return { errorResponse: { errorCode: 5, errorMessage: 'not found' } };
    const sent = sendsAll ? files : [...found.map(({ bytes }) => bytes), ...broken];
    return {
      fileDescriptorResponse: {
        fileDescriptorProto: sent.map((bytes) => Buffer.from(bytes).toString('base64')),
      },
    };
  });
}

t.test('what does not depend on what is broken answers, and what depends on it is named', async (t) => {
  const bytes = await wholeSet(t);
  const reference = schemaFromDescriptorSet(bytes);
  const services = reference.services.map(({ typeName }) => typeName);
  const rightCodec = compiledCodec(reference.registry, { codeGeneration: true });
  const examples = [...reference.methods.values()].map((method) => ({
    method,
    name: method.path.slice(1),
    needs: closureOf(method.output, closureOf(method.input)),
    json: JSON.stringify(exampleJson(method.input)),
  }));
  const counts = { untouched: 0, leftOut: 0, useless: 0 };
  const judge = (
    schema: Schema | undefined,
    problems: string,
    { touched }: Broken,
    listed: boolean,
  ): void => {
    for (const { method, name, needs, json } of examples) {
      const found = schema?.methods.get(method.path);
      const isTouched =
        touched.has(method.service) || touched.has(name) || [...needs].some((type) => touched.has(type));
      if (found !== undefined) {
        const codec = compiledCodec((schema as Schema).registry, { codeGeneration: true });
        // What is left of a type that has changed works as well.
        codec.forMessage(found.input).fromJson(JSON.stringify(exampleJson(found.input)));
        codec.forMessage(found.output);
        if (isTouched) continue;
        counts.untouched += 1;
        const right = rightCodec.forMessage(method.input).fromJson(json);
        const wire = codec.forMessage(found.input).fromJson(json);
        if (Buffer.compare(right, wire) !== 0) throw new Error(`${name} means something else`);
      } else if (!isTouched) throw new Error(`${name} is gone: ${problems}`);
      else {
        counts.leftOut += 1;
        // A service that nobody mentions any more cannot be named; a method that has lost its name is told by its service.
        const isNamed =
          problems.includes(name) ||
          problems.includes(`${method.service}: `) ||
          (touched.has(name) && problems.includes(method.service));
        if (!isNamed && (listed || !touched.has(method.service)))
          throw new Error(`${name} is not named: ${problems}`);
      }
    }
  };
  const attempt = async (make: () => Schema | Promise<Schema>, broken: Broken, listed: boolean) => {
    let schema: Schema | undefined;
    let problems = '';
    try {
      schema = await make();
      problems = schema.problems.join('\n');
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      problems = error.message;
      // Nothing at all is left: the first problem stands for all.
      counts.useless += 1;
      if (broken.touched.size > 0) return;
    }
    judge(schema, problems, broken, listed);
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...KINDS),
      fc.infiniteStream(fc.nat()),
      fc.boolean(),
      async (kind, numbers, sendsAll) => {
        const pick = (count: number) => (numbers.next().value as number) % count;
        const broken = breakSet(bytes, kind, pick);
        await attempt(() => schemaFromDescriptorSet(setFrom(broken.files)), broken, false);
        const open = serve(broken.files, services, sendsAll);
        await attempt(
          () => schemaFromReflection(open, { signal: AbortSignal.timeout(60_000) }),
          broken,
          true,
        );
      },
    ),
    { numRuns: 400 },
  );
  t.comment(JSON.stringify(counts));
  t.ok(counts.untouched > 3_000, 'most methods do not depend on one file');
  t.ok(counts.leftOut > 300, 'some do');
  t.equal(counts.useless, 0, 'and never all of them');
});
