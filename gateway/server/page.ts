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

/** Everything from our own origin, nothing inline: what a service sends can never run as code in the page. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/**
 * Serves the page: `playground/index.html` of the folder at `/`, every file of it below `/_sluice/page/`. The files are
 * read once, now, so a request can name nothing else. Rejects when the folder cannot be read.
 */
export async function registerPage(app: FastifyInstance, folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  for (const name of names) {
    const type = MEDIA_TYPES[extname(name)];
    if (type === undefined) continue;
    const content = await readFile(join(folder, name));
    const path = name.split(sep).join('/');
    // Its addresses are relative, so that it works below any path; they would lead nowhere from its own folder.
    const url = path === 'playground/index.html' ? '/' : `/_sluice/page/${path}`;
    app.get(url, { exposeHeadRoute: true }, async (_request, reply) =>
      reply.headers(SECURITY_HEADERS).type(type).send(content),
    );
  }
}
