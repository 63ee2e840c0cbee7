import { Code } from './code.js';
import type { HttpEndpoint } from './http-endpoint.js';
import { SluiceError } from './sluice-error.js';

/** The path of a detached call below the gateway, of its location or a whole address. Throws INVALID_ARGUMENT for what is none. */
export function pathOfCall(location: string): string {
  const [path] = /\/_sluice\/calls\/[\w-]+$/.exec(location) ?? [];
  if (path !== undefined) return path;
  throw new SluiceError(Code.INVALID_ARGUMENT, `there is no call at ${JSON.stringify(location)}`);
}

/**
 * The endpoint at which a call is the one at this location: instead of a method with a message, `verb` asks for what is there. Only what follows
 * `/_sluice/calls/` counts, so that headers go to the gateway of the client and to no other. Throws as `pathOfCall` does.
 */
export function endpointAt(endpoint: HttpEndpoint, location: string, verb = 'GET'): HttpEndpoint {
  const url = endpoint.baseUrl + pathOfCall(location);
  return {
    ...endpoint,
    httpUrl: () => url,
    async post(_, head) {
      const { body: _body, ...request } = await endpoint.post('', head);
      (request.headers as Headers).delete('content-type');
      return { ...request, method: verb };
    },
  };
}
