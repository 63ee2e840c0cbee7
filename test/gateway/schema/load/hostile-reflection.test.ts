import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  SourceCodeInfoSchema,
} from '@bufbuild/protobuf/wkt';
import t from 'tap';
import {
  changedSchemaFromReflection,
  type Schema,
  schemaFromReflection,
} from '../../../../gateway/schema/index.js';
import { LateRegistry } from '../../../../gateway/schema/load/late-registry.js';
import { memoryReflection } from './memory-reflection.js';
import { answerFromFiles } from './reflection-server.js';

type FileInit = Parameters<typeof create<typeof FileDescriptorProtoSchema>>[1];

function file(init: FileInit): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, { syntax: 'proto3', ...init });
}

function answerWith(...files: FileDescriptorProto[]): JsonObject {
  return {
    fileDescriptorResponse: {
      fileDescriptorProto: files.map((each) =>
        Buffer.from(toBinary(FileDescriptorProtoSchema, each)).toString('base64'),
      ),
    },
  };
}

/** A file with a service `S` of its own package, whose method takes and gives its `M`. */
function serviceFile(name: string): FileDescriptorProto {
  return file({
    name: `${name}.proto`,
    package: name,
    messageType: [{ name: 'M' }],
    service: [{ name: 'S', method: [{ name: 'Do', inputType: `.${name}.M`, outputType: `.${name}.M` }] }],
  });
}

const limit = () => ({ signal: AbortSignal.timeout(120_000) });

t.test('one service that cannot be described does not take the others away, however it fails', async (t) => {
  const good = answerFromFiles([serviceFile('a'), serviceFile('c')]);
  const bad: Record<string, [answer: ReturnType<Parameters<typeof memoryReflection>[0]>, reason: RegExp]> = {
    'an error': [{ errorResponse: { errorCode: 13, errorMessage: 'oops' } }, /oops/],
    'the end of the call': ['end', /ended the call/],
    silence: ['hang', /not answered within 50 ms/],
    'no file': [{ fileDescriptorResponse: {} }, /it sent no file/],
    'another file': [
      answerWith(file({ name: 'other.proto', messageType: [{ name: 'Other' }] })),
      /does not declare it/,
    ],
    'another answer': [{ listServicesResponse: {} }, /something else/],
    garbage: [{ fileDescriptorResponse: { fileDescriptorProto: ['/////w=='] } }, /does not declare it/],
    ...Object.fromEntries(
      Array.from({ length: 16 }, (_, code) => [`status ${code + 1}`, [{ code: code + 1 }, /it failed with/]]),
    ),
    'a placeholder': [answerWith(file({ name: 'b.proto', syntax: '<unknown:0>' })), /does not declare it/],
  };
  for (const [name, [answer, reason]] of Object.entries(bad)) {
    for (const [endsAfterAnswer, repeats] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const told = (request: JsonObject, given: typeof answer): typeof answer =>
        repeats && typeof given === 'object' && !('code' in given)
          ? { originalRequest: request, ...given }
          : given;
      const open = memoryReflection(
        (request) => {
          if (request.listServices !== undefined) {
            return told(request, {
              listServicesResponse: { service: ['a.S', 'b.S', 'c.S'].map((each) => ({ name: each })) },
            });
          }
          return told(request, request.fileContainingSymbol === 'b.S' ? answer : good(request));
        },
        { endsAfterAnswer },
      );
      const schema = await schemaFromReflection(open, { ...limit(), answerMs: 50 });
      t.same([...schema.methods.keys()], ['/a.S/Do', '/c.S/Do'], name);
      const problem = schema.problems.find((each) => each.name === 'b.S');
      t.match(problem?.reason, reason, name);
    }
  }
});

t.test('a server that goes away is no server that lacks a service', async (t) => {
  for (const code of [1, 7, 14, 16]) {
    const good = answerFromFiles([serviceFile('a'), serviceFile('b')]);
    let isAway = false;
    const open = memoryReflection((request) => {
      isAway ||= request.fileContainingSymbol === 'b.S';
      return isAway ? { code } : good(request);
    });
    await t.rejects(schemaFromReflection(open, limit()), { name: 'RpcError', code });
  }
});

t.test('an answer that is repeated is not taken for the next one', async (t) => {
  const good = answerFromFiles([serviceFile('a'), serviceFile('b')]);
  let last: JsonObject[] = [];
  const open = memoryReflection((request) => {
    const list = { listServicesResponse: { service: [{ name: 'a.S' }, { name: 'b.S' }] } };
    const answer = {
      originalRequest: request,
      ...(request.listServices === undefined ? good(request) : list),
    };
    const sent = [...last, answer, answer];
    last = [answer];
    return sent;
  });
  const schema = await schemaFromReflection(open, limit());
  t.same([...schema.methods.keys()], ['/a.S/Do', '/b.S/Do']);
  t.same(schema.problems, []);
});

t.test('types that no import leads to are asked for, once each', async (t) => {
  const types = file({
    name: 'x/types.proto',
    package: 'types',
    messageType: [{ name: 'A' }],
    enumType: [{ name: 'E', value: [{ name: 'Z' }] }],
  });
  const service = file({
    name: 'service.proto',
    package: 'api',
    dependency: ['types.proto'],
    messageType: [
      {
        name: 'M',
        field: [
          { name: 'a', number: 1, type: 11, typeName: '.types.A' },
          { name: 'e', number: 2, type: 14, typeName: '.types.E' },
          { name: 'again', number: 3, type: 11, typeName: 'A' },
        ],
      },
    ],
    service: [
      {
        name: 'S',
        method: [
          { name: 'Do', inputType: '.types.A', outputType: '.types.A' },
          { name: 'Other', inputType: '.api.M', outputType: '.nowhere.N' },
          { name: 'Again', inputType: '.nowhere.N', outputType: '.nowhere.N' },
        ],
      },
    ],
  });
  const asked: string[] = [];
  const open = memoryReflection((request) => {
    asked.push(JSON.stringify(request));
    if (request.listServices !== undefined) return { listServicesResponse: { service: [{ name: 'api.S' }] } };
    if (request.fileContainingSymbol === 'api.S')
      return answerWith(service, file({ name: 'types.proto', syntax: '<unknown:0>' }));
    if (String(request.fileContainingSymbol).startsWith('types.')) return answerWith(types);
    return { errorResponse: { errorCode: 5, errorMessage: 'not here' } };
  });
  const schema = await schemaFromReflection(open, limit());
  t.same([...schema.methods.keys()], ['/api.S/Do']);
  t.same(
    schema.problems.map(({ name }) => name),
    ['api.S/Other', 'api.S/Again'],
  );
  t.match(
    schema.problems[0]?.reason,
    /api\.M cannot be used: the field "again": no file declares its type "A"/,
  );
  t.match(schema.problems[1]?.reason, /\.nowhere\.N.*the server says: not here/);
  t.equal(new Set(asked).size, asked.length, asked.join('\n'));
});

t.test('extensions that only their numbers lead to are found', async (t) => {
  const base = file({
    name: 'base.proto',
    syntax: 'proto2',
    package: 'base',
    messageType: [{ name: 'M', extensionRange: [{ start: 100, end: 200 }] }],
    service: [{ name: 'S', method: [{ name: 'Do', inputType: '.base.M', outputType: '.base.M' }] }],
  });
  const more = file({
    name: 'more.proto',
    syntax: 'proto2',
    package: 'more',
    dependency: ['base.proto'],
    extension: [{ name: 'note', number: 100, type: 9, label: 1, extendee: '.base.M' }],
  });
  const open = memoryReflection((request) => {
    if (request.listServices !== undefined)
      return { listServicesResponse: { service: [{ name: 'base.S' }] } };
    if (request.fileContainingSymbol === 'base.S') return answerWith(base);
    if (request.allExtensionNumbersOfType === 'base.M') {
      return { allExtensionNumbersResponse: { baseTypeName: 'base.M', extensionNumber: [100] } };
    }
    if (request.fileContainingExtension !== undefined) return answerWith(more);
    return { errorResponse: { errorCode: 5, errorMessage: 'not here' } };
  });
  const schema = await schemaFromReflection(open, limit());
  t.equal(schema.registry.getExtension('more.note')?.number, 100);
  t.same(schema.problems, []);
});

t.test('bounds: what is beyond is not asked for, and what came before is used', async (t) => {
  const endless = (make: (count: number) => JsonObject) => {
    let count = 0;
    return memoryReflection((request) => {
      if (request.listServices !== undefined) {
        return {
          listServicesResponse: {
            service: [
              { name: 'a.S' },
              ...Array.from({ length: 400 }, (_, index) => ({ name: `n${index}.S` })),
            ],
          },
        };
      }
      if (request.fileContainingSymbol === 'a.S') return answerWith(serviceFile('a'));
      count += 1;
      return make(count);
    });
  };
  const next = (count: number) =>
    answerWith(
      file({
        name: `f${count}.proto`,
        package: `p${count}`,
        dependency: [`f${count + 1}.proto`],
        messageType: [{ name: 'x'.repeat(1_000) }],
      }),
    );
  const parts = (count: number) =>
    answerWith(file({ name: `f${count}.proto`, messageType: Array.from({ length: 5_000 }, () => ({})) }));
  const slow = (count: number) => {
    if (count === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_100);
    return next(count);
  };
  for (const [make, bounds, text] of [
    [slow, { maxMs: 2_000 }, /more than 2000 ms/],
    [next, { maxFiles: 50 }, /more than 50 files|more than 50 services/],
    [next, { maxBytes: 20_000 }, /more than 20000 bytes/],
    [next, { maxQuestions: 30 }, /more than 30 questions/],
    [parts, { maxParts: 20_000 }, /more than 20000 values/],
  ] as const) {
    const schema = await schemaFromReflection(endless(make), { ...limit(), ...bounds });
    t.same([...schema.methods.keys()], ['/a.S/Do'], String(text));
    t.ok(
      schema.problems.some(({ reason }) => text.test(reason)),
      String(text),
    );
  }
});

t.test(
  'comments do not count as what can be called: where they are too many they are left out',
  async (t) => {
    const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
    const files = names.map((name) => {
      const made = serviceFile(name);
      const location = { path: [6, 0], span: [1, 2, 3], leadingComments: ` Of ${name}.` };
      made.sourceCodeInfo = create(SourceCodeInfoSchema, {
        location: [location, ...Array.from({ length: 500 }, () => ({ path: [4, 0], span: [1, 2, 3] }))],
      });
      return made;
    });
    const { open } = tellingReflection(files, (answers) => answers);
    const commentOf = ({ registry }: Schema, name: string) =>
      registry.getService(`${name}.S`)?.file.proto.sourceCodeInfo?.location[0]?.leadingComments;
    for (const maxParts of [1_000_000, 10_000]) {
      const schema = await schemaFromReflection(open, { ...limit(), maxParts });
      t.equal(schema.methods.size, names.length);
      t.same(schema.problems, []);
      t.equal(commentOf(schema, 'c0'), ' Of c0.');
      t.equal(commentOf(schema, 'c19'), maxParts === 10_000 ? undefined : ' Of c19.');
    }
  },
);

/** A server that repeats each question, and how many questions each write had. */
function tellingReflection(files: FileDescriptorProto[], order: (answers: JsonObject[]) => JsonObject[]) {
  const good = answerFromFiles(files, { alone: true });
  const writes: number[] = [];
  const open: ReturnType<typeof memoryReflection> = (path, signal, max) => {
    let due: JsonObject[] = [];
    let expected = 0;
    const call = memoryReflection((request) => {
      due.push({ originalRequest: request, ...good(request) });
      if (due.length < expected) return [];
      const all = order(due);
      due = [];
      return all;
    })(path, signal, max);
    return {
      ...call,
      get status() {
        return call.status;
      },
      write: (batch) => {
        expected = batch.length;
        writes.push(expected);
        return call.write(batch);
      },
    };
  };
  return { open, writes };
}

t.test('questions are asked together where answers say what they answer, in any order', async (t) => {
  const names = Array.from({ length: 200 }, (_, index) => `n${index}`);
  const types = names.map((name) => file({ name: `${name}-types.proto`, package: `${name}.types` }));
  const services = names.map((name) => {
    const made = serviceFile(name);
    made.dependency = [`${name}-types.proto`];
    return made;
  });
  for (const order of [
    (answers: JsonObject[]) => answers,
    (answers: JsonObject[]) => answers.toReversed(),
    (answers: JsonObject[]) => [...answers, ...answers],
  ]) {
    const { open, writes } = tellingReflection([...services, ...types], order);
    const schema = await schemaFromReflection(open, limit());
    t.equal(schema.methods.size, names.length);
    t.same(schema.problems, []);
    t.ok(writes.length < 30, `${writes}`);
    t.ok(Math.max(...writes) <= 32, `${writes}`);
    const asked = writes.reduce((sum, each) => sum + each);
    t.equal(asked, 1 + 2 * names.length, 'each once');
  }
  // All that it would bring again counts against the bytes that answers may have.
  const all = file({ name: 'all.proto', package: 'all', messageType: [{ name: 'M' }] });
  const method = { name: 'Do', inputType: '.all.M', outputType: '.all.M' };
  all.service = create(FileDescriptorProtoSchema, {
    service: names.map((name) => ({ name, method: [method] })),
  }).service;
  const { open, writes } = tellingReflection([all], (answers) => answers);
  t.equal((await schemaFromReflection(open, limit())).methods.size, names.length);
  t.same(writes, [1, 4]);
  const bounded = tellingReflection([...services, ...types], (answers) => answers);
  const schema = await schemaFromReflection(bounded.open, { ...limit(), maxQuestions: 30 });
  t.equal(schema.methods.size, 29);
  t.ok(schema.problems.some(({ reason }) => /more than 30 questions/.test(reason)));
});

t.test('a large schema is read file by file, unless something is wrong with it', async (t) => {
  const field = (index: number) => ({
    name: `f${index}`,
    number: index + 1,
    type: 9,
    label: 1,
    jsonName: `f${index}`,
  });
  const large = (missing: string) =>
    Array.from({ length: 40 }, (_, index) => {
      const made = serviceFile(`p${index}`);
      made.messageType.push(
        ...file({
          messageType: Array.from({ length: 40 }, (_, at) => ({
            name: `T${at}`,
            field: Array.from({ length: 20 }, (_, each) => field(each)),
          })),
        }).messageType,
      );
      const [method] = made.service[0]?.method ?? [];
      if (index === 7 && method !== undefined && missing !== '') method.inputType = missing;
      return made;
    });
  const { open } = tellingReflection(large(''), (answers) => answers);
  const schema = await schemaFromReflection(open, limit());
  t.ok(schema.registry instanceof LateRegistry);
  t.equal(schema.methods.size, 40);
  t.same(schema.problems, []);
  t.equal(schema.registry.getMessage('p3.T7')?.fields.length, 20);
  t.equal(schema.registry.getService('p39.S')?.methods[0]?.input.typeName, 'p39.M');
  t.equal(await changedSchemaFromReflection(open, schema, undefined, limit()), undefined, 'the same');
  const one = await schemaFromReflection(open, { ...limit(), services: ['p5.S'] });
  t.notOk(one.registry instanceof LateRegistry, 'one file is little');
  t.same([...one.methods.keys()], ['/p5.S/Do']);
  await t.rejects(schemaFromReflection(open, { ...limit(), services: ['p5.S', 'no.S'] }), {
    name: 'SchemaError',
    message: /no service "no.S"/,
  });
  const broken = tellingReflection(large('.nowhere.N'), (answers) => answers);
  const other = await schemaFromReflection(broken.open, limit());
  t.equal(other.methods.size, 39);
  t.match(other.problems, [/p7\.S\/Do.*nowhere\.N/]);
  t.equal(other.leftOut.get('/p7.S/Do'), other.problems[0]);
  const changed = await changedSchemaFromReflection(broken.open, schema, undefined, limit());
  t.equal(changed?.methods.size, 39);
});

t.test('a server that takes calls and says nothing is left in time', async (t) => {
  const silent = memoryReflection(() => 'hang');
  await t.rejects(schemaFromReflection(silent, { ...limit(), firstAnswerMs: 20 }), {
    name: 'RpcError',
    code: 4,
    message: /not answered within 20 ms/,
  });
});

t.test('the work grows with the size, whatever the files need of each other', async (t) => {
  /** Files that all import each other's neighbours; their messages use those of the next file, round to the first. */
  const ring = (count: number, packageOf: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => {
      const next = (index + 1) % count;
      return file({
        name: `f${index}.proto`,
        package: packageOf(index),
        dependency: [`f${next}.proto`, `f${(index + count - 1) % count}.proto`],
        messageType: [
          {
            name: `M${index}`,
            field: [{ name: 'next', number: 1, type: 11, typeName: `.${packageOf(next)}.M${next}` }],
          },
        ],
      });
    });
  const chain = (count: number) =>
    ring(count, () => 'p').map((each, index) => {
      if (index === count - 1) for (const message of each.messageType) message.field = [];
      return each;
    });
  const shapes: Record<string, (count: number) => FileDescriptorProto[]> = {
    'a circle in one package': (count) => ring(count, () => 'p'),
    'a circle over packages': (count) => ring(count, (index) => `p${index}`),
    'a chain': chain,
    'the same names': (count) =>
      ring(count, () => 'p').map((each, index) => {
        for (const message of each.messageType) message.name = `M${index % 2}`;
        return each;
      }),
    'one file of many': (count) => [
      file({
        name: 'all.proto',
        package: 'p',
        messageType: ring(count, () => 'p').flatMap(({ messageType }) => messageType),
      }),
    ],
  };
  const timeOf = async (files: FileDescriptorProto[]): Promise<number> => {
    const open = memoryReflection((request) =>
      request.listServices === undefined
        ? answerWith(serviceFile('a'), ...files)
        : { listServicesResponse: { service: [{ name: 'a.S' }] } },
    );
    const start = process.cpuUsage();
    const schema = await schemaFromReflection(open, limit());
    const { user } = process.cpuUsage(start);
    t.ok(schema.methods.has('/a.S/Do'));
    return user;
  };
  await timeOf(chain(500));
  for (const [name, shape] of Object.entries(shapes)) {
    let factor = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 3 && factor > 8; attempt += 1) {
      const small = await timeOf(shape(500));
      factor = (await timeOf(shape(2_000))) / small;
    }
    t.ok(factor <= 8, `${name}: four times the files take ${factor.toFixed(1)} times the work`);
  }
});
