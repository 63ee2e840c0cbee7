import { fileURLToPath } from 'node:url';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Test } from 'tap';

/** A CheckRequest, as far as tests look at it. */
export interface Check {
  readonly attributes: {
    readonly source: {
      readonly address: { readonly socketAddress: { readonly address: string; readonly portValue: number } };
      readonly principal: string;
    };
    readonly request: {
      readonly time: { readonly seconds: string };
      readonly http: {
        readonly id: string;
        readonly method: string;
        readonly path: string;
        readonly host: string;
        readonly scheme: string;
        readonly size: string;
        readonly protocol: string;
        readonly headers: Readonly<Record<string, string>>;
      };
    };
    readonly contextExtensions: Readonly<Record<string, string>>;
  };
}

/** What a policy answers, now or later: a CheckResponse, `undefined` for no answer at all, or an error of gRPC. */
export type Policy = (check: Check) => object | undefined | Promise<object>;

/** An authorization service that a test plays, on @grpc/grpc-js. */
export interface AuthzService {
  readonly target: string;
  /** What it was asked, in order. */
  readonly checks: Check[];
  policy: Policy;
  /** Ends it, as a service that is gone. */
  stop(): void;
}

const ROOT = fileURLToPath(new URL('../../proto', import.meta.url));

export const ALLOW = { status: { code: 0 }, okResponse: {} };

/** Opens one, and closes it in the test's teardown. */
export async function openAuthzService(
  t: Test,
  policy: Policy = () => ALLOW,
  credentials: ServerCredentials = ServerCredentials.createInsecure(),
): Promise<AuthzService> {
  const loaded = loadPackageDefinition(
    loadSync('envoy/service/auth/v3/authorization.proto', {
      includeDirs: [ROOT],
      longs: String,
      defaults: true,
    }),
  ) as never as { envoy: { service: { auth: { v3: { Authorization: { service: never } } } } } };
  const server = new Server();
  const checks: Check[] = [];
  server.addService(loaded.envoy.service.auth.v3.Authorization.service, {
    async check(call: ServerUnaryCall<Check, object>, answer: sendUnaryData<object>) {
      checks.push(call.request);
      const policy = service.policy(call.request);
      const said = policy instanceof Promise ? await policy : policy;
      if (said instanceof Error) answer(said, null);
      else if (said !== undefined) answer(null, said);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const service: AuthzService = {
    target: `127.0.0.1:${port}`,
    checks,
    policy,
    stop: () => server.forceShutdown(),
  };
  t.teardown(() => service.stop());
  return service;
}
