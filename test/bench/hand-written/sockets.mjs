// Every method over a WebSocket: a text frame is one message as JSON, a binary frame one as protobuf, an empty text
// frame ends the request.
import { WebSocketServer } from 'ws';

const HIGH_WATER_BYTES = 64 * 1024;
const identity = (bytes) => bytes;

/** How messages travel; the client's first frame decides. */
const TEXT = {
  read: (frame) => JSON.parse(frame.toString()),
  write: (message) => JSON.stringify(message),
};
const BINARY = { read: identity, write: identity };

/** Any kind of call as one that can be written to and read from. */
function openCall(client, method, binary) {
  const serialize = binary ? identity : method.requestSerialize;
  const deserialize = binary ? identity : method.responseDeserialize;
  return client.makeBidiStreamRequest(method.path, serialize, deserialize);
}

export function serveSockets(server, client, service) {
  const methods = new Map(Object.values(service).map((method) => [method.path, method]));
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const method = methods.get(new URL(request.url, 'http://gateway').pathname);
    if (method === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => bridge(ws, client, method));
  });
}

function bridge(ws, client, method) {
  let call;
  let form;
  let waiting = false;

  ws.on('message', (frame, binary) => {
    form ??= binary ? BINARY : TEXT;
    call ??= start(openCall(client, method, binary));
    if (!binary && frame.length === 0) {
      call.end();
      return;
    }
    let message;
    try {
      message = form.read(frame);
    } catch (reason) {
      ws.close(4003, `invalid JSON: ${reason.message}`.slice(0, 120));
      return;
    }
    const more = call.write(message);
    if (!method.requestStream) call.end();
    if (!more && !waiting) {
      waiting = true;
      ws.pause();
    }
  });
  ws.on('close', () => call?.cancel());
  ws.on('error', () => ws.terminate());

  function start(opened) {
    opened.on('drain', () => {
      waiting = false;
      ws.resume();
    });
    opened.on('data', (message) => {
      // The callback comes once the frame is written: by then there is room again.
      if (ws.bufferedAmount < HIGH_WATER_BYTES) {
        ws.send(form.write(message));
      } else {
        opened.pause();
        ws.send(form.write(message), () => opened.resume());
      }
    });
    opened.on('error', (error) => ws.close(4000 + error.code, error.details.slice(0, 120)));
    opened.on('end', () => ws.close(1000));
    return opened;
  }
}
