import type { Socket } from 'node:net';
import t from 'tap';
import { Code } from '../../../../../gateway/status/index.js';
import { neverAborted } from '../../contract/subject.js';
import { frame } from '../peer.js';
import { frameOf, head, literals, numbers, okTrailers, setting } from './frames.js';
import { ask, openRawPeer, until } from './raw-peer.js';

const message = frame('m');

/** A whole answer with status OK. */
function good(socket: Socket, id: number): void {
  socket.write(
    Buffer.concat([frameOf(1, 4, id, head), frameOf(0, 0, id, message), frameOf(1, 5, id, okTrailers)]),
  );
}

const right = { messages: ['m'], status: { code: 0 } };

t.test(
  'an answer is the same in one piece, byte by byte, padded, continued, and behind frames of unknown kinds',
  async (t) => {
    const pad = (bytes: Buffer) => Buffer.concat([Buffer.from([7]), bytes, Buffer.alloc(7)]);
    const whole = (id: number) => [
      frameOf(1, 4, id, head),
      frameOf(0, 0, id, message),
      frameOf(1, 5, id, okTrailers),
    ];
    const answers: Record<string, (id: number) => Buffer[]> = {
      'in one piece': whole,
      padded: (id) => [
        frameOf(
          1,
          4 | 8 | 0x20,
          id,
          Buffer.concat([Buffer.from([7]), Buffer.alloc(5), head, Buffer.alloc(7)]),
        ),
        frameOf(0, 8, id, pad(message.subarray(0, 3))),
        frameOf(0, 8, id, pad(Buffer.alloc(0))),
        frameOf(0, 8, id, pad(message.subarray(3))),
        frameOf(1, 5 | 8, id, pad(okTrailers)),
      ],
      continued: (id) => [
        frameOf(1, 0, id, head.subarray(0, 5)),
        frameOf(9, 0, id, Buffer.alloc(0)),
        frameOf(9, 4, id, head.subarray(5)),
        frameOf(0, 0, id, message),
        frameOf(1, 1, id, okTrailers.subarray(0, 1)),
        frameOf(9, 4, id, okTrailers.subarray(1)),
      ],
      'among others': (id) => [
        frameOf(0xfa, 0xff, id, Buffer.from('?')),
        frameOf(2, 0, id, Buffer.alloc(5)),
        frameOf(1, 4, id, literals([':status', '103'], ['link', 'x'])),
        frameOf(0xfb, 0, 0, Buffer.from('?')),
        ...whole(id),
      ],
      'with END_STREAM in an empty frame of its own': (id) => [
        frameOf(1, 4, id, head),
        frameOf(0, 0, id, message),
        frameOf(0, 0, id),
        frameOf(1, 5, id, okTrailers),
      ],
    };
    for (const [name, answer] of Object.entries(answers)) {
      const { transport } = await openRawPeer(t, (socket, id, index) => {
        const bytes = Buffer.concat(answer(id));
        if (index === 0) socket.write(bytes);
        else for (const byte of bytes) socket.write(Buffer.from([byte]));
      });
      t.match(await ask(transport), right, name);
      t.match(await ask(transport), right, `${name}, byte by byte`);
    }
  },
);

t.test(
  'a peer that breaks a rule of the connection is told which, and its calls are UNAVAILABLE',
  async (t) => {
    const cases: [string, number, (id: number) => Buffer][] = [
      ['DATA on a stream that nobody opened', 1, () => frameOf(0, 0, 99)],
      ['HEADERS on an even stream', 1, () => frameOf(1, 4, 2, head)],
      ['DATA on stream 0', 1, () => frameOf(0, 0, 0)],
      ['RST_STREAM of a wrong size', 6, (id) => frameOf(3, 0, id, Buffer.alloc(3))],
      ['PUSH_PROMISE', 1, (id) => frameOf(5, 4, id, Buffer.alloc(10))],
      ['PING of a wrong size', 6, () => frameOf(6, 0, 0, Buffer.alloc(7))],
      ['SETTINGS of a wrong size', 6, () => frameOf(4, 0, 0, Buffer.alloc(5))],
      ['SETTINGS on a stream', 1, (id) => frameOf(4, 0, id)],
      ['a window above 2^31-1 by SETTINGS', 3, () => frameOf(4, 0, 0, setting(4, 2 ** 31))],
      ['a frame size below the least', 1, () => frameOf(4, 0, 0, setting(5, 100))],
      ['a connection window opened too far', 3, () => frameOf(8, 0, 0, numbers(2 ** 31 - 1))],
      ['a WINDOW_UPDATE of 0 on the connection', 3, () => frameOf(8, 0, 0, numbers(0))],
      ['a GOAWAY of a wrong size', 6, () => frameOf(7, 0, 0, numbers(1))],
      ['a broken header block', 9, (id) => frameOf(1, 4, id, Buffer.from([0x80]))],
      [
        'a header block broken off',
        1,
        (id) => Buffer.concat([frameOf(1, 0, id, head), frameOf(6, 0, 0, Buffer.alloc(8))]),
      ],
      ['CONTINUATION of nothing', 1, (id) => frameOf(9, 4, id, head)],
      [
        'CONTINUATION of another stream',
        1,
        (id) => Buffer.concat([frameOf(1, 0, id, head), frameOf(9, 4, id + 2, head)]),
      ],
      [
        'a header block without end',
        11,
        (id) =>
          Buffer.concat([frameOf(1, 0, id, head), ...Array.from({ length: 70 }, () => frameOf(9, 0, id))]),
      ],
      [
        'a header block of megabytes',
        11,
        (id) =>
          Buffer.concat([
            frameOf(1, 0, id, head),
            ...Array.from({ length: 10 }, () => frameOf(9, 0, id, Buffer.alloc(16_384))),
          ]),
      ],
      [
        'more DATA than the window',
        3,
        (id) => Buffer.concat([frameOf(1, 4, id, head), frameOf(0, 0, id, Buffer.alloc(65_537))]),
      ],
    ];
    for (const [name, code, bytes] of cases) {
      const { transport, frames } = await openRawPeer(t, (socket, id) => socket.write(bytes(id)));
      const { status } = await ask(transport);
      t.match(status, { code: Code.UNAVAILABLE }, name);
      // In a log it follows other words, so it is a sentence.
      t.match(status.message, /: the upstream (?!closed the connection)[a-z]+ .*[^.]$/, name);
      await until(() => frames.some(({ type }) => type === 7));
      t.equal(frames.find(({ type }) => type === 7)?.payload.readUInt32BE(4), code, name);
    }
  },
);

const manyFields = literals(...Array.from({ length: 130 }, (_, n) => [`x-${n}`, 'v'] as const));
/** Seventy values of a thousand bytes; their length does not fit into the prefix of a number. Source: RFC 7541 section 5.1. */
const largeFields = Buffer.concat(
  Array.from({ length: 70 }, () =>
    Buffer.concat([
      Buffer.from([0, 1]),
      Buffer.from('x'),
      Buffer.from([0x7f, 0xe9, 0x06]),
      Buffer.alloc(1_000, 'v'),
    ]),
  ),
);

/** A header block in as many frames as it needs. */
function blockOf(flags: number, id: number, block: Buffer): Buffer {
  const frames = [frameOf(1, flags, id, block.subarray(0, 16_000))];
  for (let at = 16_000; at < block.length; at += 16_000)
    frames.push(frameOf(9, 0, id, block.subarray(at, at + 16_000)));
  return Buffer.concat([...frames, frameOf(9, 4, id)]);
}

t.test('a peer that breaks a rule of one stream loses that call only, and hears which', async (t) => {
  const cases: [string, (id: number) => Buffer, number][] = [
    ['DATA before HEADERS', (id) => frameOf(0, 0, id, message), Code.INTERNAL],
    [
      'trailers without END_STREAM',
      (id) => Buffer.concat([frameOf(1, 4, id, head), frameOf(1, 4, id, okTrailers)]),
      Code.INTERNAL,
    ],
    ['no :status', (id) => frameOf(1, 4, id, literals(['content-type', 'application/grpc'])), Code.INTERNAL],
    ['a :status that is no number', (id) => frameOf(1, 4, id, literals([':status', 'ok'])), Code.INTERNAL],
    [
      'a pseudo-header in trailers',
      (id) => Buffer.concat([frameOf(1, 4, id, head), frameOf(1, 5, id, literals([':status', '200']))]),
      Code.INTERNAL,
    ],
    [
      'a name in capitals',
      (id) => frameOf(1, 4, id, literals([':status', '200'], ['X-A', 'b'])),
      Code.INTERNAL,
    ],
    [
      'a line feed in a value',
      (id) => frameOf(1, 4, id, literals([':status', '200'], ['x-a', 'b\nc'])),
      Code.INTERNAL,
    ],
    [
      'the end with an informational answer',
      (id) => frameOf(1, 5, id, literals([':status', '100'])),
      Code.INTERNAL,
    ],
    ['a WINDOW_UPDATE of 0', (id) => frameOf(8, 0, id, numbers(0)), Code.INTERNAL],
    ['a window opened too far', (id) => frameOf(8, 0, id, numbers(2 ** 31 - 1)), Code.INTERNAL],
    [
      'more header fields than we take',
      (id) => blockOf(0, id, Buffer.concat([head, manyFields])),
      Code.RESOURCE_EXHAUSTED,
    ],
    [
      'more bytes of headers than we take',
      (id) => blockOf(0, id, Buffer.concat([head, largeFields])),
      Code.RESOURCE_EXHAUSTED,
    ],
    [
      'trailers of more than we take',
      (id) => Buffer.concat([frameOf(1, 4, id, head), blockOf(1, id, largeFields)]),
      Code.RESOURCE_EXHAUSTED,
    ],
    ['a reset', (id) => frameOf(3, 0, id, numbers(8)), Code.CANCELLED],
  ];
  for (const [name, bytes, code] of cases) {
    const { transport, frames, sockets } = await openRawPeer(t, (socket, id, index) => {
      if (index === 1) socket.write(bytes(id));
      else if (index > 1) good(socket, id);
    });
    const neighbour = transport.open('/test.Raw/Stay', { metadata: [], signal: neverAborted() });
    await until(() => frames.some(({ type }) => type === 1));
    const { messages, status } = await ask(transport);
    t.same(messages, [], name);
    t.equal(status.code, code, name);
    // What we have ended for a reason of ours is not said to be the wish of the service.
    if (name !== 'a reset') t.notMatch(status.message, /asks for|reset|cancelled/, name);
    if (code === Code.RESOURCE_EXHAUSTED) t.match(status.message, /the gateway's limit/, name);
    t.match(await ask(transport), right, 'the connection goes on');
    t.equal(sockets.size, 1);
    neighbour.cancel();
    t.match(await neighbour.status, { code: Code.CANCELLED });
  }
});

t.test('frames of a stream that was reset are passed over, and counted against the connection', async (t) => {
  const { transport, frames } = await openRawPeer(t, (socket, id, index) => {
    if (index > 0) return good(socket, id);
    socket.write(Buffer.concat([frameOf(1, 4, id, head), frameOf(0, 0, id, message)]));
  });
  const call = transport.open('/test.Raw/Leave', { metadata: [], signal: neverAborted() });
  await call.read();
  call.cancel();
  await until(() => frames.some(({ type }) => type === 3));
  t.equal(frames.find(({ type }) => type === 3)?.payload.readUInt32BE(0), 8);
  // Twelve megabytes are beyond the half of the connection's window.
  const { transport: second, frames: later } = await openRawPeer(t, (socket, id, index) => {
    if (index === 0) return;
    for (let n = 0; n < 12; n++) socket.write(frameOf(0, 0, 1, Buffer.alloc(1024 * 1024 - 9)));
    socket.write(
      Buffer.concat([
        frameOf(1, 5, 1, okTrailers),
        frameOf(3, 0, 1, numbers(0)),
        frameOf(8, 0, 1, numbers(5)),
      ]),
    );
    good(socket, id);
  });
  const left = second.open('/test.Raw/Leave', { metadata: [], signal: neverAborted() });
  await until(() => later.some(({ type }) => type === 1));
  left.cancel();
  t.match(await ask(second), right);
  await until(() => later.filter(({ type, id }) => type === 8 && id === 0).length >= 2);
  t.match(await ask(transport), right);
});

t.test('pings are answered with their own bytes, settings once each', async (t) => {
  const { transport, frames } = await openRawPeer(t, (socket, id) => {
    socket.write(frameOf(6, 0, 0, Buffer.from('12345678')));
    socket.write(frameOf(4, 0, 0, setting(1, 0)));
    socket.write(frameOf(4, 0, 0, setting(1, 4096)));
    good(socket, id);
  });
  t.match(await ask(transport), right);
  await until(() => frames.filter(({ type, flags }) => type === 4 && flags === 1).length === 3);
  t.equal(frames.find(({ type, flags }) => type === 6 && flags === 1)?.payload.toString(), '12345678');
  t.match(await ask(transport), right, 'with the header table at its new size');
});

t.test('a peer that asks for answers and does not take them is left', async (t) => {
  let closed = false;
  const { transport } = await openRawPeer(t, (socket) => {
    socket.on('close', () => {
      closed = true;
    });
    socket.pause();
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frameOf(6, 0, 0, Buffer.alloc(8))));
    const more = () => {
      while (!closed && socket.write(pings));
      if (!closed) socket.once('drain', more);
    };
    more();
  });
  t.match(await ask(transport, 60_000), { status: { code: Code.UNAVAILABLE } });
});

t.test('what is written in pieces leaves in full frames, and the last one ends the stream', async (t) => {
  const { transport, frames } = await openRawPeer(t, (socket, id) => {
    void until(() => frames.at(-1)?.type === 0 && frames.at(-1)?.flags === 1).then(() => good(socket, id));
  });
  const call = transport.open('/test.Raw/Ask', { metadata: [], signal: neverAborted() });
  await call.write([[Buffer.alloc(10, 'a'), Buffer.alloc(40_000, 'b')], Buffer.from('c')]);
  call.halfClose();
  await call.read();
  t.equal(await call.read(), undefined);
  t.match(await call.status, { code: 0 });
  const sent = frames.filter(({ type }) => type === 0);
  t.same(
    sent.map(({ flags, payload }) => [flags, payload.length]),
    [
      [0, 16_384],
      [0, 16_384],
      [1, 40_021 - 2 * 16_384],
    ],
  );
  const whole = [frame('a'.repeat(10) + 'b'.repeat(40_000)), frame('c')];
  t.ok(Buffer.concat(sent.map(({ payload }) => payload)).equals(Buffer.concat(whole)));
});

t.test('metadata that fills several frames arrives whole', async (t) => {
  const { transport, frames } = await openRawPeer(t, (socket, id) => good(socket, id));
  const call = transport.open('/test.Raw/Ask', {
    metadata: [['x-large', 'v'.repeat(40_000)]],
    signal: neverAborted(),
  });
  call.halfClose();
  await call.read();
  t.equal(await call.read(), undefined);
  t.match(await call.status, { code: 0 });
  const block = frames.filter(({ type }) => type === 1 || type === 9);
  t.same(
    block.map(({ type, flags }) => [type, flags]),
    [
      [1, 0],
      [9, 0],
      [9, 4],
    ],
  );
  t.ok(Buffer.concat(block.map(({ payload }) => payload)).includes('v'.repeat(40_000)));
});

t.test('a call with more headers than the peer takes is not sent, and says why', async (t) => {
  const { transport, frames } = await openRawPeer(t, good, frameOf(4, 0, 0, setting(6, 1_000)));
  t.match(await ask(transport), right);
  const fields = { metadata: [['m', 'v'.repeat(1_000)]] as const, signal: neverAborted() };
  t.match(await transport.open('/test.Raw/Much', fields).status, {
    code: Code.RESOURCE_EXHAUSTED,
    message: /^the request headers are \d+ bytes, the service takes 1000: /,
  });
  t.match(await ask(transport), right);
  t.equal(frames.filter(({ type }) => type === 1).length, 2);
});

t.test(
  'requests go out as the windows allow, in turn, and the end comes with the last of them',
  async (t) => {
    // Each stream may begin with 10 bytes, the connection has its 65,535.
    const { transport, frames, sockets } = await openRawPeer(t, () => {}, frameOf(4, 0, 0, setting(4, 10)));
    const calls = [0, 1].map(() =>
      transport.open('/test.Raw/Send', { metadata: [], signal: neverAborted() }),
    );
    for (const call of calls) {
      void call.write([Buffer.alloc(50_000)]);
      call.halfClose();
    }
    const sent = (id: number) =>
      frames
        .filter((one) => one.type === 0 && one.id === id)
        .reduce((sum, { payload }) => sum + payload.length, 0);
    const ended = (id: number) => frames.some((one) => one.type === 0 && one.id === id && one.flags === 1);
    await until(() => sent(1) === 10 && sent(3) === 10);
    const [socket] = sockets;
    socket?.write(frameOf(8, 0, 1, numbers(100)));
    await until(() => sent(1) === 110);
    t.equal(sent(3), 10);
    // A smaller window by SETTINGS counts for open streams too: below zero nothing is sent.
    socket?.write(frameOf(4, 0, 0, setting(4, 0)));
    socket?.write(frameOf(8, 0, 1, numbers(10)));
    socket?.write(frameOf(8, 0, 1, numbers(1)));
    await until(() => sent(1) === 111);
    socket?.write(frameOf(4, 0, 0, setting(4, 1_000_000)));
    await until(() => sent(1) + sent(3) === 65_535);
    t.ok(Math.abs(sent(1) - sent(3)) <= 17_000, `${sent(1)} and ${sent(3)}: they take turns`);
    t.notOk(ended(1) || ended(3));
    socket?.write(frameOf(8, 0, 0, numbers(1_000_000)));
    await until(() => ended(1) && ended(3));
    t.equal(sent(1), 50_005);
    t.equal(sent(3), 50_005);
  },
);
