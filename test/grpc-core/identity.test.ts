import { createHash } from 'node:crypto';
import { readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../gateway/index.js';
import { openCore } from '../../grpc-core/index.js';
import { closeInTeardown } from '../support/given-back.js';
import { http } from '../support/http.js';
import { openSession } from '../support/session.js';
import { type RunningCore, recordingLog, startCore, temporaryFolder } from './core-fixture.js';

/** Metadata that names a subject; several are several values. */
function by(...subjects: (string | Buffer)[]): Metadata {
  const metadata = new Metadata();
  const name = subjects.some((subject) => typeof subject !== 'string') ? 'x-user-id-bin' : 'x-user-id';
  for (const subject of subjects) metadata.add(name, subject);
  return metadata;
}

interface Ending {
  readonly code: string;
  readonly details: string;
  readonly messages: unknown[];
}

/** How a stream of the client ends, with what came before; it sends these and half-closes. */
function ends(call: NodeJS.EventEmitter, ...requests: object[]): Promise<Ending> {
  const messages: unknown[] = [];
  call.on('data', (message) => messages.push(message));
  call.on('error', () => {});
  if (call instanceof Writable) {
    for (const request of requests) call.write(request);
    call.end();
  }
  return new Promise((resolve) => {
    call.on('status', ({ code, details }: ServiceError) =>
      resolve({ code: status[code], details, messages }),
    );
  });
}

async function upload({ client }: RunningCore, subject: string, path: string, text: string): Promise<string> {
  return await new Promise((resolve) => {
    const call = client.UploadFile(by(subject), (error: ServiceError | null) => {
      resolve(error === null ? 'OK' : (status[error.code] as string));
    });
    call.end({ data: Buffer.from(text), file_path: path, is_last: true });
  });
}

async function download({ client }: RunningCore, subject: string, path: string): Promise<string> {
  const { code, messages } = await ends(client.DownloadFile({ file_path: path }, by(subject)));
  return code === 'OK'
    ? Buffer.concat((messages as { data: Buffer }[]).map(({ data }) => data)).toString()
    : code;
}

t.test('without the option nobody asks who calls', async (t) => {
  const { client } = await startCore(t);
  const chat = await ends(client.Chat(by('ann')), { user_id: 'bob', room_id: 'r', message: 'hello' });
  t.equal(chat.code, 'OK');
});

t.test('a call that does not say who is signed in is UNAUTHENTICATED, whatever its kind', async (t) => {
  const { client, lines } = await startCore(t, { requireIdentity: true });
  const refused = /^metadata x-user-id: must name the signed-in subject/;
  const calls: Record<string, (metadata: Metadata) => Promise<Ending>> = {
    GetStockQuote: (metadata) =>
      new Promise((resolve) => {
        client.GetStockQuote({ symbol: 'AAPL' }, metadata, (error) =>
          resolve({
            code: error === null ? 'OK' : (status[error.code] as string),
            details: error?.details ?? '',
            messages: [],
          }),
        );
      }),
    StreamLogs: (metadata) => ends(client.StreamLogs({}, metadata)),
    DownloadFile: (metadata) => ends(client.DownloadFile({ file_path: 'examples/hello.txt' }, metadata)),
    CollectSensorData: (metadata) => ends(client.CollectSensorData(metadata, () => {})),
    Chat: (metadata) => ends(client.Chat(metadata), { user_id: 'ann', room_id: 'r', message: 'm' }),
    GameSession: (metadata) => ends(client.GameSession(metadata), { player_id: 'ann', action_type: 'JOIN' }),
    CollaborativeEdit: (metadata) =>
      ends(client.CollaborativeEdit(metadata), { user_id: 'ann', document_id: 'd' }),
  };
  for (const [name, call] of Object.entries(calls)) {
    for (const metadata of [new Metadata(), by('x'.repeat(257)), by('')]) {
      const { code, details, messages } = await call(metadata);
      t.equal(code, 'UNAUTHENTICATED', name);
      t.match(details, refused);
      t.same(messages, [], 'and nothing before it');
    }
    t.equal((await call(by('ann'))).code, 'OK', name);
  }
  t.equal(
    (await calls.Chat?.(by('ann', 'ann')))?.code,
    'PERMISSION_DENIED',
    'two of them are nobody that somebody could be',
  );
  t.equal((await calls.Chat?.(by('x'.repeat(256))))?.code, 'PERMISSION_DENIED', 'the longest subject is one');
  t.ok(lines.some(({ msg, code }) => msg === 'call' && code === 'UNAUTHENTICATED'));
});

t.test(
  'names that are not the signed-in one are PERMISSION_DENIED, at the first message and at any other',
  async (t) => {
    const { client } = await startCore(t, { requireIdentity: true });
    const ann = () => by('ann');
    const say = (user_id: string, room_id = 'r', message = 'm') => ({ user_id, room_id, message });
    const edit = (user_id: string, document_id = 'd') => ({
      user_id,
      document_id,
      operation_type: 'INSERT',
      content: 'a',
    });
    const act = (player_id: string, game_id = 'g', action_type = 'JOIN') => ({
      player_id,
      game_id,
      action_type,
    });
    for (const [field, call, right, wrong] of [
      [
        'user_id',
        () => client.Chat(ann()),
        say('ann'),
        [say('bob'), say('Ann'), say('ann '), say('bob', 'another'), say('ann\u0000')],
      ],
      [
        'user_id',
        () => client.CollaborativeEdit(ann()),
        edit('ann'),
        [edit('bob'), edit('bob', 'another'), edit('ANN')],
      ],
      [
        'player_id',
        () => client.GameSession(ann()),
        act('ann'),
        [act('bob'), act('bob', 'another'), act('bob', 'g', 'ATTACK')],
      ],
    ] as const) {
      for (const request of wrong) {
        const first = await ends(call(), request);
        t.match(first, {
          code: 'PERMISSION_DENIED',
          details: `${field}: must be the signed-in subject`,
          messages: [],
        });
        t.notMatch(first.details, 'ann', 'who is signed in is not told');
        const later = await ends(call(), right, request);
        t.equal(later.code, 'PERMISSION_DENIED');
      }
      t.equal((await ends(call(), right, right)).code, 'OK');
    }
    // What cannot be meant is that first.
    t.equal((await ends(client.Chat(ann()), say(''))).code, 'INVALID_ARGUMENT');
    const attacked = await ends(client.GameSession(by('bob')), act('bob'), {
      ...act('bob', 'g', 'ATTACK'),
      parameters: { target: 'ann' },
    });
    t.equal(attacked.code, 'OK', 'others may still be named as what they are');
    const history = await ends(client.Chat(by('carl')), { user_id: 'carl', room_id: 'r', message: '' });
    t.same(
      new Set(
        (history.messages as { user_id: string }[])
          .map(({ user_id }) => user_id)
          .filter((user) => user !== 'carl'),
      ),
      new Set(['ann']),
      'nobody was anybody else',
    );
  },
);

t.test('the name of the metadata may be another one, also one of bytes', async (t) => {
  const bytes = await startCore(t, { requireIdentity: true, identityMetadata: 'X-User-Id-Bin' });
  const say = (user_id: string) => ({ user_id, room_id: 'r', message: 'm' });
  t.equal((await ends(bytes.client.Chat(by(Buffer.from('Ünal'))), say('Ünal'))).code, 'OK');
  t.equal(
    (await ends(bytes.client.Chat(by(Buffer.from('Ünal'))), say('U\u0308nal'))).code,
    'PERMISSION_DENIED',
  );
  t.equal((await ends(bytes.client.Chat(by(Buffer.from([0xff]))), say('\ufffd'))).code, 'UNAUTHENTICATED');
  t.equal(
    (await ends(bytes.client.Chat(by('Ünal'.normalize('NFKD').replace(/\W/g, ''))), say('Unal'))).code,
    'UNAUTHENTICATED',
  );
  const { log } = recordingLog();
  const listen = '127.0.0.1:0';
  const dataDir = t.testdir();
  for (const identityMetadata of ['', 'a b', 'ä', 'grpc-user', ':path', 'x'.repeat(129)]) {
    await t.rejects(
      openCore({ listen, dataDir, log, identityMetadata }),
      /^RangeError: identityMetadata: |identityMetadata/,
    );
  }
  await t.rejects(
    openCore({ listen, dataDir, log, filesPerSubject: true }),
    /filesPerSubject: needs requireIdentity/,
  );
});

t.test('health and reflection stay open', async (t) => {
  const { core } = await startCore(t, { requireIdentity: true });
  const client = new Client(core.address, credentials.createInsecure());
  t.teardown(() => client.close());
  const same = (bytes: Buffer) => bytes;
  const health = await new Promise((resolve) => {
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', same, same, Buffer.alloc(0), (error, answer) =>
      resolve(error ?? answer?.toString('hex')),
    );
  });
  t.equal(health, '0801');
  const reflection = client.makeBidiStreamRequest(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    same,
    same,
  );
  // list_services
  const { code, messages } = await ends(reflection, Buffer.from([0x3a, 0]));
  t.equal(code, 'OK');
  t.match(messages.join(), 'streaming.StreamingService');
});

/** Subjects that a file system could take for something else, or for one another. */
const HOSTILE = [
  'ann',
  'Ann',
  'ANN',
  '..',
  '.',
  '/',
  '../ann',
  'ann/../bob',
  'a/b',
  '/etc/passwd',
  'C:\\Windows',
  'con',
  '%2e%2e%2f',
  '.sluice',
  '~',
  '-rf',
  'ann b',
  'a'.repeat(256),
  createHash('sha256').update('ann').digest('hex'),
  '$(id)',
];

t.test('with files per subject nobody reaches the files of another', async (t) => {
  const core = await startCore(t, { requireIdentity: true, filesPerSubject: true });
  const own = join(core.dataDir, '.sluice');
  t.equal(await download(core, 'ann', 'secret.txt'), 'NOT_FOUND');
  t.same(await readdir(join(own, 'subjects')), [], 'to read makes no folder');
  for (const [index, subject] of HOSTILE.entries()) {
    t.equal(await upload(core, subject, 'secret.txt', `of ${index}`), 'OK', subject);
    t.equal(await upload(core, subject, `folder/only-${index}`, 'x'), 'OK', subject);
  }
  for (const [index, subject] of HOSTILE.entries()) {
    t.equal(await download(core, subject, 'secret.txt'), `of ${index}`, subject);
    t.equal(
      await download(core, subject, `folder/only-${(index + 1) % HOSTILE.length}`),
      'NOT_FOUND',
      subject,
    );
  }
  const folders = await readdir(join(own, 'subjects'));
  t.equal(folders.length, HOSTILE.length);
  t.ok(folders.every((name) => /^[0-9a-f]{64}$/.test(name)));
  const hashOf = (subject: string) => createHash('sha256').update(subject).digest('hex');
  t.equal(
    await readFile(join(own, 'subjects', hashOf('ann'), 'secret.txt'), 'utf8'),
    'of 0',
    'the name is the SHA-256',
  );
  for (const path of [
    `../${hashOf('ann')}/secret.txt`,
    `x/../../${hashOf('ann')}/secret.txt`,
    `/${hashOf('ann')}/secret.txt`,
    `${core.dataDir}/.sluice/subjects/${hashOf('ann')}/secret.txt`,
    `.sluice/subjects/${hashOf('ann')}/secret.txt`,
    '..',
    '',
  ]) {
    t.equal(await download(core, 'bob', path), 'INVALID_ARGUMENT', path);
    if (path !== '') t.equal(await upload(core, 'bob', path, 'bad'), 'INVALID_ARGUMENT', path);
  }
  t.equal(await download(core, 'bob', 'examples/hello.txt'), 'NOT_FOUND', 'nor what belongs to no subject');
  // Also where somebody with a hand in the folders has made a link.
  await upload(core, 'bob', 'mine', 'x');
  await symlink(`../${hashOf('ann')}/secret.txt`, join(own, 'subjects', hashOf('bob'), 'link'));
  t.equal(await download(core, 'bob', 'link'), 'INVALID_ARGUMENT');
  t.equal(await download(core, 'ann', 'secret.txt'), 'of 0');
  await core.core.close();
  const shared = await startCore(t, { dataDir: core.dataDir });
  t.equal(
    await download(shared, 'bob', `.sluice/subjects/${hashOf('ann')}/secret.txt`),
    'INVALID_ARGUMENT',
    'nor without the option',
  );
});

async function openBoth(t: Test) {
  const { log } = recordingLog();
  const core = await openCore({
    listen: '127.0.0.1:0',
    dataDir: await temporaryFolder(t),
    log,
    requireIdentity: true,
    filesPerSubject: true,
    graceMs: 1_000,
  });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    // As an ingress that signs people in sets it.
    forwardHeaders: ['x-user-id'],
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
  });
  closeInTeardown(t, gateway);
  return gateway;
}

t.test('through the gateway the identity is what the ingress says, and no client says it', async (t) => {
  const { url } = await openBoth(t);
  const ann = { 'x-user-id': 'ann' };
  const S = 'streaming.StreamingService';
  t.equal((await http(`${url}/${S}/GetStockQuote?symbol=AAPL`)).status, 401);
  t.equal((await http(`${url}/${S}/GetStockQuote?symbol=AAPL`, { headers: ann })).status, 200);
  const claimed = await http(`${url}/${S}/GetStockQuote?symbol=AAPL`, {
    headers: { 'grpc-metadata-x-user-id': 'ann' },
  });
  t.equal(claimed.status, 400);
  const chat = (user: string) =>
    http(`${url}/${S}/Chat`, {
      method: 'POST',
      headers: { ...ann, 'content-type': 'application/x-ndjson' },
      body: `${JSON.stringify({ userId: user, roomId: 'r', message: 'hello' })}\n`,
    });
  t.equal((await chat('ann')).status, 200);
  const denied = await chat('bob');
  t.match(denied.text, '"status":"PERMISSION_DENIED"');
  t.match(denied.text, 'user_id: must be the signed-in subject');
  const session = await openSession(url.replace('http', 'ws'), 'sluice.v1.json', { headers: ann });
  const frames = [
    { open: { id: 1, method: `${S}/Chat`, credit: 10 } },
    { message: { id: 1, data: { userId: 'bob', roomId: 'r', message: 'hello' } } },
    { open: { id: 2, method: `${S}/Chat`, credit: 10, metadata: { 'x-user-id': 'bob' } } },
  ];
  await session.send(...frames);
  t.match((await session.all(1)).at(-1), { end: { status: { code: 7 } } });
  t.match((await session.all(2)).at(-1), { end: { status: { code: 3 } } });
  session.test.socket.close();
  await session.closed;
});
