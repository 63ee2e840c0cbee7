import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { HttpReply } from '../surfaces/index.js';

/** A reply without Fastify, which sends the same bytes as Fastify's would. */
export class PlainReply implements HttpReply {
  readonly raw: ServerResponse;
  readonly log: FastifyBaseLogger;
  readonly request: { readonly id: string };
  #headers: Record<string, OutgoingHttpHeader | undefined> = {};
  #isHijacked = false;

  constructor(raw: ServerResponse, request: { readonly id: string; readonly log: FastifyBaseLogger }) {
    this.raw = raw;
    this.request = request;
    this.log = request.log;
  }

  get sent(): boolean {
    return this.#isHijacked || this.raw.writableEnded;
  }

  code(status: number): this {
    this.raw.statusCode = status;
    return this;
  }

  header(name: string, value: number | string | string[] | undefined = ''): this {
    this.#headers[name.toLowerCase()] = value;
    return this;
  }

  headers(values: OutgoingHttpHeaders): this {
    for (const name of Object.keys(values)) this.header(name, values[name]);
    return this;
  }

  type(mediaType: string): this {
    this.#headers['content-type'] = mediaType;
    return this;
  }

  getHeader(name: string): number | string | string[] | undefined {
    return this.#headers[name.toLowerCase()] ?? this.raw.getHeader(name);
  }

  getHeaders(): Record<string, OutgoingHttpHeader | undefined> {
    // Draining sets one there.
    if (this.raw.getHeaderNames().length === 0) return this.#headers;
    return { ...this.raw.getHeaders(), ...this.#headers };
  }

  hijack(): this {
    this.#isHijacked = true;
    return this;
  }

  send(body?: string): this {
    const { raw } = this;
    if (this.sent) throw new Error('a second answer to one request');
    const { statusCode } = raw;
    if (body !== undefined) this.#headers['content-length'] = String(Buffer.byteLength(body));
    else if (statusCode !== 204 && raw.req.method !== 'HEAD') this.#headers['content-length'] = '0';
    raw.writeHead(statusCode, this.#headers as OutgoingHttpHeaders);
    raw.end(body);
    return this;
  }
}
