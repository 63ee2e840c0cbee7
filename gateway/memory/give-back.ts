import { MessageChannel } from 'node:worker_threads';

/**
 * Gives the memory of a buffer back at once; its views are empty from then on. Without it the memory lives until the next collection of all
 * garbage, which in a process that has become idle never comes. JavaScript has no word for that before `ArrayBuffer.prototype.transfer`
 * (Node 22), but what is posted to a port that nobody listens to is detached from its sender and dropped.
 */
export function giveBack(buffer: ArrayBuffer): void {
  nowhere ??= closedPort();
  nowhere.postMessage(undefined, [buffer]);
}

/** What is not worth the message, in bytes. */
const LEAST_BYTES = 8 * 1024;

/** The same of bytes that nobody looks at any more, if they are all of their buffer: others may have the rest of it. */
export function giveBackWhole({ buffer, byteLength }: Uint8Array): void {
  if (byteLength >= LEAST_BYTES && byteLength === buffer.byteLength) giveBack(buffer as ArrayBuffer);
}

let nowhere: MessageChannel['port1'] | undefined;

function closedPort(): MessageChannel['port1'] {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}
