// Unary calls as JSON, server streams as SSE or NDJSON.
import { Metadata, status } from '@grpc/grpc-js';

const HTTP_STATUS = {
  [status.INVALID_ARGUMENT]: 400,
  [status.UNAUTHENTICATED]: 401,
  [status.PERMISSION_DENIED]: 403,
  [status.NOT_FOUND]: 404,
  [status.ALREADY_EXISTS]: 409,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.UNIMPLEMENTED]: 501,
  [status.UNAVAILABLE]: 503,
  [status.DEADLINE_EXCEEDED]: 504,
};

const errorBody = (error) => ({ error: { code: error.code, message: error.details ?? error.message } });

export function sendError(reply, error) {
  reply.code(HTTP_STATUS[error.code] ?? error.statusCode ?? 500).send(errorBody(error));
}

export function callUnary(client, name, request, message = request.body ?? {}) {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + 30_000 };
    const call = client[name](message, new Metadata(), options, (error, response) =>
      error ? reject(error) : resolve(response),
    );
    request.raw.on('aborted', () => call.cancel());
  });
}

const FORMATS = {
  sse: {
    type: 'text/event-stream',
    message: (message) => `data: ${JSON.stringify(message)}\n\n`,
    end: () => 'event: end\ndata: {}\n\n',
    error: (error) => `event: error\ndata: ${JSON.stringify(errorBody(error))}\n\n`,
  },
  ndjson: {
    type: 'application/x-ndjson',
    message: (message) => `${JSON.stringify(message)}\n`,
    end: () => '',
    error: (error) => `${JSON.stringify(errorBody(error))}\n`,
  },
};

/** One write a message; the call pauses while the browser does not take what was written. */
export function streamToResponse(call, request, reply) {
  const format = request.headers.accept?.includes('text/event-stream') ? FORMATS.sse : FORMATS.ndjson;
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, { 'content-type': format.type, 'cache-control': 'no-cache' });
  response.flushHeaders();
  call.on('data', (message) => {
    if (!response.write(format.message(message))) call.pause();
  });
  response.on('drain', () => call.resume());
  call.on('end', () => response.end(format.end()));
  call.on('error', (error) => response.end(format.error(error)));
  response.on('close', () => call.cancel());
}
