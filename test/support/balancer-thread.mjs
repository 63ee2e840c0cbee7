// The balancer of `openBalancer`, in a thread of its own: its clock is right however busy the test is.
import { connect, createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { ports } = workerData;
const sockets = new Set();
/** Milliseconds of the clock when each connection came, since they were told last. */
let accepted = [];
let turn = 0;

function keep(socket) {
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.once('close', () => sockets.delete(socket));
}

function forward(near, at, tries) {
  const far = connect({ port: ports[at % ports.length], host: '127.0.0.1', noDelay: true });
  const onRefused = () => {
    far.destroy();
    if (tries > 1 && !near.destroyed) forward(near, at + 1, tries - 1);
    else near.destroy();
  };
  far.once('error', onRefused);
  far.once('connect', () => {
    far.off('error', onRefused);
    keep(far);
    far.pipe(near);
    // It has been paused until now, so that nothing of it was lost.
    near.pipe(far);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
}

const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (near) => {
  accepted.push(Date.now());
  keep(near);
  turn += 1;
  forward(near, turn, ports.length);
});
server.listen(0, '127.0.0.1', 4_096, () => parentPort.postMessage(server.address().port));
parentPort.on('message', () => {
  parentPort.postMessage(accepted);
  accepted = [];
});
