import websocket, { type WebsocketPluginOptions } from '@fastify/websocket';
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';

/** Fastify registers what has it without a scope of its own: hooks and decorations are for every route. */
const NO_SCOPE = Symbol.for('skip-override');

/**
 * The WebSocket plugin, but for its hook at the end of every response, which makes Fastify watch each of them: only a handshake that was refused has
 * anything to end, its connection.
 */
export const websocketPlugin: FastifyPluginCallback<WebsocketPluginOptions> = Object.assign(
  (app: FastifyInstance, options: WebsocketPluginOptions, done: (error?: Error) => void) => {
    const facade = new Proxy(app, {
      get(target, name) {
        if (name !== 'addHook') return Reflect.get(target, name);
        return (hook: string, ...rest: unknown[]) => {
          if (hook !== 'onResponse') Reflect.apply(target.addHook, target, [hook, ...rest]);
        };
      },
    });
    websocket(facade, options, done);
    app.addHook('onRequest', endRefused);
  },
  { [NO_SCOPE]: true },
);

/** After the plugin's own, which has set `ws`. A handshake that succeeds has no response that finishes. */
function endRefused({ ws, raw }: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (ws) {
    const end = () => raw.socket.destroy();
    reply.raw.once('finish', end);
    reply.raw.once('error', end);
  }
  done();
}
