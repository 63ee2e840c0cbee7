// Downloads and uploads as bytes.
import { sendError } from './http.mjs';

export function addFileRoutes(app, client) {
  // The body is streamed to the service, never gathered.
  app.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null));

  app.get('/v1/files/*', (request, reply) => {
    const call = client.DownloadFile({
      filePath: request.params['*'],
      chunkSize: Number(request.query.chunkSize ?? 0),
    });
    reply.hijack();
    const response = reply.raw;
    call.on('data', (chunk) => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/octet-stream' });
      if (chunk.data?.length > 0 && !response.write(chunk.data)) call.pause();
    });
    response.on('drain', () => call.resume());
    call.on('end', () => response.end());
    call.on('error', (error) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(404).end(error.details);
    });
    response.on('close', () => call.cancel());
  });

  app.put('/v1/files/*', (request, reply) => {
    const call = client.UploadFile((error, result) => {
      if (error) sendError(reply, error);
      else reply.send(result);
    });
    let filePath = request.params['*'];
    request.raw.on('data', (data) => {
      const more = call.write({ data, filePath });
      filePath = '';
      if (!more) request.raw.pause();
    });
    call.on('drain', () => request.raw.resume());
    request.raw.on('end', () => call.end());
    request.raw.on('aborted', () => call.cancel());
    return reply;
  });
}
