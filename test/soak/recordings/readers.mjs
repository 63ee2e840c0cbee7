// Readers of recorded streams: `node readers.mjs COUNT URL…`. They come, go, stall, and come back by the last id that they have; others ask for calls that go on without
// them, and forget them. Asked for 'status', says what they have seen; at 'stop' all leave.
import http from 'node:http';
import { WebSocket } from 'ws';
import { Sequence } from './sequence.mjs';

const [count, ...urls] = process.argv.slice(2);
const seen = { lives: 0, messages: 0, gaps: 0, jobs: 0, stopped: 0, refused: 0, late: 0, faults: [] };
let isOver = false;
/** Ends what runs. */
const leaving = new Set();

const chance = (share) => Math.random() < share;
const between = (least, most) => least + Math.random() * (most - least);
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const fault = (text) => {
  if (seen.faults.length < 20) seen.faults.push(text);
};

/** Waits, until all leave at the latest. */
function pause(ms) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      leaving.delete(end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    leaving.add(end);
    if (isOver) end();
  });
}

/** One answer, whose text comes in parts that end with `mark`; resolves when it is over or has been left. */
function answer(url, { headers = {}, method = 'GET', body, mark = '\n\n', stayMs, stallMs }, onPart) {
  return new Promise((resolve) => {
    const sent = http.request(url, { method, headers, agent: false });
    const timers = [];
    let head = { status: 0, headers: {} };
    const leave = () => sent.destroy();
    const over = () => {
      for (const timer of timers) clearTimeout(timer);
      leaving.delete(leave);
      resolve(head);
    };
    leaving.add(leave);
    if (stayMs !== undefined) timers.push(setTimeout(leave, stayMs));
    sent.on('error', over);
    sent.on('response', (response) => {
      head = { status: response.statusCode, headers: response.headers };
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (text) => {
        const parts = (rest + text).split(mark);
        rest = parts.pop();
        for (const part of parts) onPart?.(part, head);
      });
      response.on('error', () => {});
      response.on('close', over);
      if (stallMs === undefined) return;
      timers.push(setTimeout(() => response.pause(), between(0, 500)));
      timers.push(setTimeout(() => response.resume(), stallMs));
    });
    sent.end(body);
    if (isOver) leave();
  });
}

const ITEM = /"id":(\d+)/;
const numberIn = (text) => Number(ITEM.exec(text)?.[1]);

async function sse(url, method, sequence, times) {
  const headers = {
    accept: 'text/event-stream',
    ...(sequence.last !== undefined && { 'last-event-id': sequence.last }),
  };
  const { status } = await answer(`${url}/soak.v1.Soak/${method}`, { headers, ...times }, (event) => {
    const [, kind] = /^event: (\w+)$/m.exec(event) ?? [];
    const data = /^data: (.*)$/m.exec(event)?.[1];
    if (kind === 'gap') sequence.gap(JSON.parse(data));
    else if (kind === 'end') sequence.end();
    else if (kind === 'error' && event.includes('JOURNAL_UNREACHABLE')) seen.late += 1;
    else if (kind !== undefined) fault(event);
    else if (data !== undefined) sequence.message(/^id: (.*)$/m.exec(event)[1], numberIn(data));
  });
  if (status !== 0 && status !== 200) fault(`sse ${method}: ${status}`);
}

/** Counts from the header, as one does whose body has no ids. */
async function ndjson(url, method, sequence, times) {
  const headers = sequence.last === undefined ? {} : { 'last-event-id': sequence.last };
  let isFirst = true;
  const onLine = (line, head) => {
    const from = head.headers['sluice-last-event-id'];
    if (isFirst && sequence.last !== undefined && from !== sequence.last)
      sequence.gap({ requested: sequence.last, resumed: from });
    isFirst = false;
    if (!line.startsWith('{"error"')) sequence.message(String(numberIn(line)), numberIn(line));
    else if (!/"reason":"(GAP)"/.test(line)) fault(line);
  };
  const { status } = await answer(`${url}/soak.v1.Soak/${method}`, { headers, mark: '\n', ...times }, onLine);
  if (status !== 0 && status !== 200) fault(`ndjson ${method}: ${status}`);
}

const CREDIT = 2_000;

function session(url, method, sequence, { stayMs, stallMs }) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/_sluice/session`, ['sluice.v1.json']);
    const leave = () => socket.terminate();
    const timers = [setTimeout(leave, stayMs)];
    leaving.add(leave);
    let owed = 0;
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const timer of timers) clearTimeout(timer);
      leaving.delete(leave);
      resolve();
    });
    socket.on('open', () => {
      const cursor = sequence.last;
      const open = { id: 1, method: `soak.v1.Soak/${method}`, credit: CREDIT, ...(cursor && { cursor }) };
      socket.send(JSON.stringify({ open }));
      socket.send('{"message":{"id":1,"data":{}}}');
      if (stallMs !== undefined) {
        timers.push(setTimeout(() => socket.pause(), between(0, 500)));
        timers.push(setTimeout(() => socket.resume(), stallMs));
      }
    });
    socket.on('message', (bytes) => {
      const { message, gap, end } = JSON.parse(bytes);
      if (gap !== undefined) sequence.gap(gap);
      if (end !== undefined) {
        if (end.status === undefined || end.status.code === 0) sequence.end();
        // A gateway that is more than two seconds behind another one says so, and its client comes again.
        else if (end.status.code === 14) seen.late += 1;
        else fault(JSON.stringify(end));
        leave();
      }
      if (message === undefined) return;
      sequence.message(message.cursor, message.data.id);
      owed += 1;
      if (owed < CREDIT / 2) return;
      socket.send(JSON.stringify({ credit: { id: 1, messages: owed } }));
      owed = 0;
    });
    if (isOver) leave();
  });
}

/** Asks for a call that goes on without it, looks at it or not, reads it or not, stops it or not, and forgets it. */
async function job(url) {
  const most = Math.floor(between(1, 3_000));
  const headers = { 'content-type': 'application/json', prefer: 'respond-async' };
  const body = JSON.stringify({ count: most });
  const asked = await answer(`${url}/soak.v1.Soak/Job`, { method: 'POST', headers, body });
  seen.jobs += 1;
  if (asked.status === 429) seen.refused += 1;
  else if (asked.status !== 202 && asked.status !== 0) fault(`a job: ${asked.status}`);
  const { location } = asked.headers;
  if (location === undefined) return;
  // Any gateway knows it.
  const at = `${pick(urls)}${location}`;
  if (chance(0.5)) await answer(at, { method: 'HEAD' });
  if (chance(0.3)) {
    const { status } = await answer(at, { method: 'DELETE' });
    if (status === 204) seen.stopped += 1;
    else if (status !== 0 && status !== 410) fault(`DELETE: ${status}`);
  } else if (chance(0.7)) {
    let last;
    const { status } = await answer(
      `${at}?lastEventId=~earliest`,
      { headers: { accept: 'application/x-ndjson' }, mark: '\n' },
      (line, head) => {
        last ??= Number(head.headers['sluice-last-event-id'].split('.')[1]);
        if (line.startsWith('{"error"')) {
          if (!/"reason":"GAP"/.test(line)) fault(line);
          last = most;
          return;
        }
        if (numberIn(line) !== last + 1) fault(`a job: ${line} behind ${last}`);
        last += 1;
      },
    );
    if (status === 200 && last !== most && !isOver) fault(`a job ended at ${last} of ${most}`);
    else if (status !== 0 && status !== 200 && status !== 410) fault(`a job's location: ${status}`);
  }
}

const KINDS = [
  [sse, 'Feed'],
  [session, 'Feed'],
  [sse, 'Counted'],
  [ndjson, 'Counted'],
  [session, 'Counted'],
  [sse, 'Paused'],
  [session, 'Paused'],
];

async function read(at) {
  const [kind, method] = KINDS[at % KINDS.length];
  let sequence = new Sequence();
  while (!isOver) {
    const stayMs = between(200, 5_000);
    const times = { stayMs, ...(chance(0.3) && { stallMs: between(500, stayMs) }) };
    await kind(pick(urls), method, sequence, times);
    seen.lives += 1;
    seen.messages += sequence.messages;
    seen.gaps += sequence.gaps;
    for (const text of sequence.faults) fault(`${kind.name} ${method}: ${text}`);
    const { last } = sequence;
    sequence = new Sequence();
    // Some come back by their last id, soon or when what it was is gone; others are new.
    if (chance(0.7)) sequence.last = last;
    await pause(chance(0.2) ? between(2_000, 6_000) : between(0, 300));
  }
}

async function ask() {
  while (!isOver) {
    await job(pick(urls));
    await pause(between(0, 40));
  }
}

const workers = Array.from({ length: Number(count) }, (_, at) => read(at));
workers.push(ask(), ask(), ask());
process.on('message', async (message) => {
  if (message === 'stop') {
    isOver = true;
    for (const leave of leaving) leave();
    await Promise.all(workers);
  }
  process.send(seen);
});
process.on('disconnect', () => process.exit());
process.send('ready');
