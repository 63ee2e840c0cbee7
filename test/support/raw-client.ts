import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Test } from 'tap';

/** A connection that sends what it is told, byte by byte, and collects what comes. */
export interface RawClient {
  readonly socket: Socket;
  readonly answer: string;
  readonly closed: Promise<unknown>;
}

/** Connects and sends a text. */
export async function raw(t: Test, url: string, text: string): Promise<RawClient> {
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  socket.write(text);
  return {
    socket,
    closed,
    get answer() {
      return answer;
    },
  };
}

/** Sends a byte again and again, until the other side has had enough. */
export function trickle(t: Test, { socket, closed }: RawClient, byte: string, everyMs: number): void {
  const timer = setInterval(() => socket.writable && socket.write(byte), everyMs);
  t.teardown(() => clearInterval(timer));
  void closed.then(() => clearInterval(timer));
}

/** The head of a POST, up to where more headers or the body follow. */
export function post(path: string, type: string, more = ''): string {
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\n${more}`;
}
