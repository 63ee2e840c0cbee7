import { type Agent, request } from 'node:http';

/** One JSON call on a connection of an agent. Resolves with what went wrong, or nothing. */
export function unaryWith(agent: Agent, url: string, body: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { agent, method: 'POST', headers: { 'content-type': 'application/json' } });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', (error) => resolve(error.message));
      response.on('end', () =>
        resolve(response.statusCode === 200 ? undefined : `${response.statusCode} ${text}`),
      );
    });
    sent.end(body);
  });
}
