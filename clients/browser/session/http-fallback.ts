import { openCallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import type { Endpoint } from '../shared/endpoint.js';
import { GATEWAY_DOMAIN, gatewayDetails, SluiceError } from '../shared/sluice-error.js';
import { askLocation } from './ask-location.js';
import type { CallTransport } from './call-transport.js';
import { createCredit } from './credit.js';
import { callOverHttp } from './http-call.js';
import type { CallEnd } from './session-frame.js';

/**
 * Carries the calls of a pool where WebSockets are blocked: each call is one `POST`. It always has room. A call that has no message
 * when it is asked for its first one, and a call whose method takes a stream of messages (the gateway refuses it before the service sees it),
 * end with UNAVAILABLE at once. The code that creates it closes it.
 */
export function createHttpFallback(endpoint: Endpoint): CallTransport {
  const closers = new Set<(error: SluiceError) => void>();
  const needsWebSocket = () =>
    new SluiceError(
      Code.UNAVAILABLE,
      `WebSockets to ${endpoint.origin()} are blocked: client and bidi streams need one, other calls must have a request in their options`,
    );
  /** The error of a call over HTTP, as a session has it: there the path of a method that does not exist is a method. */
  const errorAsOnSession = (error: SluiceError, method: string) => {
    switch (error.domain === GATEWAY_DOMAIN ? error.reason : undefined) {
      case 'UNSUPPORTED_CONTENT_TYPE': // the method takes a stream of messages, not one JSON message
        return needsWebSocket();
      case 'PATH_NOT_FOUND':
        return new SluiceError(Code.UNIMPLEMENTED, `the gateway has no method ${method}`, {
          details: gatewayDetails('METHOD_NOT_FOUND'),
        });
      default:
        return error;
    }
  };
  return {
    hasRoom: true,
    leaving: false,
    refusedBytes: false,
    begin(open, events) {
      const scope = openCallScope({ endsWithPage: true });
      const credit = createCredit();
      credit.add({ messages: open.credit, bytes: open.creditBytes || Number.POSITIVE_INFINITY });
      /** Undefined until the gateway has said it. */
      let location = open.location || undefined;
      let message = '{}';
      let complete = false;
      let over = false;
      const leave = () => {
        over = true;
        closers.delete(scope.abort);
        scope.close();
      };
      const end = (callEnd: CallEnd) => {
        if (over) return;
        leave();
        events.onEnd(callEnd);
      };
      const fail = (cause: unknown) => end({ error: scope.errorFrom(cause), trailers: {} });
      const run = async () => {
        if (over) return;
        events.onOpened();
        // A call of one message sends it, and the half-close, when it gets this credit.
        events.onCredit({ messages: 1, bytes: Number.POSITIVE_INFINITY });
        if (!complete) throw needsWebSocket();
        const { error, trailers } = await callOverHttp(endpoint, open, message, {
          scope,
          credit,
          events: {
            ...events,
            onLocation(told) {
              location = told;
              events.onLocation(told);
            },
          },
        });
        end({ error: error && errorAsOnSession(error, open.method), trailers });
      };
      closers.add(scope.abort);
      // In a later tick: the caller of `begin` needs the attempt before its events.
      Promise.resolve().then(run).catch(fail);
      return {
        send(text) {
          message = text;
        },
        whenRoom: () => Promise.resolve(),
        halfClose() {
          complete = true;
        },
        grant: (amount) => credit.add(amount),
        async stop() {
          try {
            // It would go on where it cannot be found.
            if (location === undefined && open.detach) return;
            if (location) await askLocation(endpoint, location, 'DELETE', open.metadata, scope.signal);
            throw new SluiceError(Code.CANCELLED, 'the call was stopped');
          } catch (reason) {
            fail(reason);
          }
        },
        cancel: leave,
      };
    },
    close(error) {
      for (const close of [...closers]) close(error);
    },
  };
}
