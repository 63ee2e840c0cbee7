import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { CoreError } from '../base/index.js';
import type { HandlersOf, ServiceDefinition } from './definition.js';
import type { Handler } from './handler.js';
import { type RunningCall, type ServeOptions, serveCall } from './serve.js';

/** The calls of a server: adds services, knows what runs, ends it. */
export interface Calls {
  /** How many run, those included whose handler is still tidying up. */
  readonly running: number;
  /** Serves the methods that have a handler; grpc-js answers UNIMPLEMENTED for the others. Throws for a handler without a method. */
  add<Definition>(
    definition: Definition & ServiceDefinition,
    handlers: HandlersOf<Definition>,
    own?: Pick<ServeOptions, 'quiet' | 'identity'>,
  ): void;
  /**
   * Ends every stream with UNAVAILABLE and this text, those that come later too; unary calls finish by themselves. Resolves when no call is
   * left. Calls that do not end must be cut by the server's `forceShutdown`, which resolves this too.
   */
  shutdown(reason: string): Promise<void>;
}

/** Puts handlers on a grpc-js server through the one adapter, `serveCall`. */
export function createCalls(server: Server, options: ServeOptions): Calls {
  const running = new Set<RunningCall>();
  let ending: CoreError | undefined;

  function start(call: RunningCall): void {
    running.add(call);
    void call.finished.finally(() => running.delete(call));
    if (ending !== undefined && !call.unary) call.end(ending);
  }

  return {
    get running() {
      return running.size;
    },
    add(definition, handlers, own = {}) {
      const served = { ...options, ...own };
      const byName: Readonly<Record<string, Handler<unknown, unknown> | undefined>> = handlers;
      const unknown = Object.keys(byName).find((name) => !Object.hasOwn(definition, name));
      if (unknown !== undefined) throw new Error(`the service has no method ${unknown}`);
      for (const [name, method] of Object.entries<ServiceDefinition[string]>(definition)) {
        const handler = byName[name];
        if (handler === undefined) continue;
        // Every kind as `bidi`, and bytes instead of messages: so the adapter counts requests and bytes itself, the same way for all.
        server.register<Buffer, Buffer>(
          method.path,
          (call: ServerDuplexStream<Buffer, Buffer>) => start(serveCall(method, handler, call, served)),
          (bytes) => bytes,
          (bytes) => bytes,
          'bidi',
        );
      }
    },
    async shutdown(reason) {
      ending = new CoreError(status.UNAVAILABLE, reason);
      for (const call of running) if (!call.unary) call.end(ending);
      while (running.size > 0) await Promise.all([...running].map((call) => call.finished));
    },
  };
}
