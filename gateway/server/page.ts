import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { FastifyInstance } from 'fastify';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  // Where the sources of the browser client are, for whoever debugs the page.
  '.map': 'application/json',
};

/** The page, the browser client that it imports, and what that imports where it is not in one piece. What else lies there is for Node. */
const SERVED = /^(?:playground|browser|retry|scenes)\//;

/** Everything from our own origin, nothing inline: what a service sends can never run as code in the page. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/**
 * Serves the page: `playground/index.html` of the folder at `/`, those of the page and of the browser client below `/_sluice/page/`. The files are
 * read once, now, so a request can name nothing else. Rejects when the folder cannot be read.
 */
export async function registerPage(app: FastifyInstance, folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  for (const name of names) {
    const type = MEDIA_TYPES[extname(name)];
    const path = name.split(sep).join('/');
    if (type === undefined || !SERVED.test(path)) continue;
    const content = await readFile(join(folder, name));
    // Its addresses are relative, so that it works below any path; they would lead nowhere from its own folder.
    const url = path === 'playground/index.html' ? '/' : `/_sluice/page/${path}`;
    app.get(url, { exposeHeadRoute: true }, async (_request, reply) =>
      reply.headers(SECURITY_HEADERS).type(type).send(content),
    );
  }
}
