import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { openResponse } from '../../../../gateway/surfaces/http/open-response.js';
import type { ResponseSink } from '../../../../gateway/surfaces/http/response-sink.js';
import { scratch, sendBatch } from '../../../../gateway/surfaces/message/index.js';
import { canSeal } from '../../../../gateway/surfaces/message/text-outgoing.js';
import { Batch } from '../../../../gateway/upstream/index.js';
import { until } from '../../../support/http.js';
import { raw } from '../../../support/raw-client.js';

/** Far more than the kernel takes for a client that does not read. */
const MESSAGES = Array.from({ length: 40 }, () => Buffer.alloc(1024 * 1024, 'x'));
const END = '\r\n0\r\n\r\n';

t.test('what waits for room when a response is ended does not follow its end', async (t) => {
  let rest: Promise<void> | undefined;
  const batch = Batch.of(MESSAGES);
  const server = createServer((request, response) => {
    if (request.url === '/next') return void response.end('next');
    const sink = openResponse(response, 1);
    rest = sendBatch(batch, sink, (bytes, start, end) => scratch.part(bytes, start, end));
    void sink.end('last');
    t.ok(sink.closed);
    return void sink.write(Buffer.from('too late'));
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = await raw(t, url, 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  client.socket.pause();
  await until(t, 'the end to be written', () => rest !== undefined);
  client.socket.resume();
  await until(t, 'the end', () => client.answer.endsWith(END));
  await rest;
  t.equal(batch.bytes.length, 0, 'what was not sent is given up');
  client.socket.write('GET /next HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  await client.closed;
  const behind = client.answer.slice(client.answer.indexOf(END) + END.length);
  t.match(behind, /^HTTP\/1\.1 200 OK\r\n/, 'nothing lies between the end and the next answer');
});

t.test('what many get waits for room as what one gets, until it has left or the client has', async (t) => {
  const sinks: ResponseSink[] = [];
  const server = createServer((_request, response) => {
    sinks.push(openResponse(response, 1));
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients = [];
  for (let at = 0; at < 2; at += 1)
    clients.push(await raw(t, url, 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'));
  await until(t, 'both requests', () => sinks.length === 2);
  for (const { socket } of clients) socket.pause();
  const [stays, leaves] = sinks.map((sink) => {
    scratch.clear();
    if (!canSeal(sink)) throw new Error('it has chunks');
    sink.begin(scratch);
    scratch.bytes(Buffer.from('small'));
    const small = sink.seal(scratch);
    t.equal(sink.sendSealed(small), undefined, 'the kernel has it');
    sink.begin(scratch);
    for (const message of MESSAGES) scratch.bytes(message);
    return { sink, room: sink.sendSealed(sink.seal(scratch)) };
  });
  t.ok(stays?.sink.full && leaves?.sink.full);
  clients[1]?.socket.destroy();
  await leaves?.room;
  await until(t, 'it to be closed', () => leaves?.sink.closed === true);
  t.ok(stays?.sink.full, 'the other one still waits');
  clients[0]?.socket.resume();
  await stays?.room;
  t.notOk(stays?.sink.full);
  t.notOk(stays?.sink.closed);
  clients[0]?.socket.destroy();
});
