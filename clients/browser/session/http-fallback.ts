import { openCallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import type { Endpoint } from '../shared/endpoint.js';
import { SluiceError } from '../shared/sluice-error.js';
import { createCredit } from './credit.js';
import { callOverHttp } from './http-call.js';
import type { CallEnd } from './session-frame.js';
import type { SessionSocket } from './session-socket.js';

/**
 * Carries the calls of a pool where WebSockets do not get through: each is one `POST`, and its events are told as a session tells them.
 * It is always open and always has room. A call that has not given its one message when it is asked for it, and one whose method takes
 * a stream of messages (the gateway says so before it asks the service), ends with UNAVAILABLE at once. Whoever creates it closes it.
 */
export function createHttpFallback(endpoint: Endpoint): SessionSocket {
  const closers = new Set<(error: SluiceError) => void>();
  const needsSocket = () =>
    new SluiceError(
      Code.UNAVAILABLE,
      `WebSockets do not get through to ${endpoint.origin()}: client and bidi streams need one, other calls their request in the options`,
    );
  return {
    opened: Promise.resolve(),
    hasRoom: true,
    leaving: false,
    begin(open, events) {
      const scope = openCallScope({ endsWithPage: true });
      const credit = createCredit();
      credit.add(open.credit);
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
      const exchange = async () => {
        if (over) return;
        events.onOpened();
        events.onCredit(1);
        // A call of one message has answered that grant with it.
        if (!complete) throw needsSocket();
        end(await callOverHttp(endpoint, open, message, { scope, credit, events }));
      };
      closers.add(scope.abort);
      Promise.resolve()
        .then(exchange)
        .catch((cause: unknown) => {
          const error = scope.errorFrom(cause);
          end({ error: error.httpStatus === 415 ? needsSocket() : error, trailers: {} });
        });
      return {
        send(text) {
          message = text;
        },
        room: () => Promise.resolve(),
        halfClose() {
          complete = true;
        },
        grant: (messages) => credit.add(messages),
        cancel: leave,
      };
    },
    close(error) {
      for (const close of [...closers]) close(error);
    },
  };
}
