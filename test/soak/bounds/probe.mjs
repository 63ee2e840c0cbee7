// Loaded into the gateway's process before it starts: tells what it holds, after garbage collections, when it is asked to, and how
// many bytes its sockets have moved.
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { getHeapCodeStatistics } from 'node:v8';

process.on('message', async (message) => {
  if (message === 'moved') process.send(movedBytes());
  if (message !== 'memory') return;
  // What one collection finds to be dead, finalizers and a thread beside it let go until the next.
  for (let n = 0; n < 4; n += 1) {
    globalThis.gc();
    await pause(50);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const { code_and_metadata_size, bytecode_and_metadata_size } = getHeapCodeStatistics();
  // The longer a process works, the more of its code V8 has compiled.
  process.send({ rss, heapUsed, external, code: code_and_metadata_size + bytecode_and_metadata_size });
});

function movedBytes() {
  const sockets = process._getActiveHandles().filter((handle) => handle instanceof Socket);
  return sockets.reduce((sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten, 0);
}

// Whoever asks has gone, perhaps killed: nobody else would end us.
process.on('disconnect', () => process.exit());
// Being asked must not keep the process alive.
process.channel?.unref();
