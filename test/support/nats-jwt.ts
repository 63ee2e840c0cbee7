import { createHash } from 'node:crypto';
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';

/** What a server of NATS with an operator is configured with, and a user's file of credentials. */
export interface NatsOperator {
  /** For its configuration file. */
  readonly config: string;
  /** A `.creds` file, as `nsc` writes it. `publish`, `subscribe`: the subjects that the user has; absent: all. */
  credentials(subjects?: readonly string[], endsAt?: number): string;
}

const HEADER = { typ: 'JWT', alg: 'ed25519-nkey' };

/** A claim of NATS, signed by the key of who issues it. */
function jwt(issuer: KeyPair, subject: KeyPair, name: string, nats: object, endsAt?: number): string {
  const claims = {
    jti: '',
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    name,
    sub: subject.getPublicKey(),
    ...(endsAt !== undefined && { exp: endsAt }),
    nats: { version: 2, ...nats },
  };
  claims.jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex').toUpperCase();
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode(HEADER)}.${encode(claims)}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}

/** An operator, a system account, and an account with JetStream. */
export function createNatsOperator(): NatsOperator {
  const operator = createOperator();
  const [system, account] = [createAccount(), createAccount()];
  const all = {
    subs: -1,
    data: -1,
    payload: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
    conn: -1,
    leaf: -1,
  };
  const jetstream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const operatorJwt = jwt(operator, operator, 'operator', {
    type: 'operator',
    system_account: system.getPublicKey(),
  });
  const accounts = [
    [system, jwt(operator, system, 'SYS', { type: 'account', limits: all })],
    [account, jwt(operator, account, 'sluice', { type: 'account', limits: { ...all, ...jetstream } })],
  ] as const;
  const preload = accounts.map(([key, text]) => `  ${key.getPublicKey()}: "${text}"`).join('\n');
  return {
    config: `operator: "${operatorJwt}"\nsystem_account: ${system.getPublicKey()}\nresolver: MEMORY\nresolver_preload: {\n${preload}\n}\n`,
    credentials: (subjects, endsAt) => {
      const user = createUser();
      const allow = subjects === undefined ? {} : { allow: subjects };
      const nats = { type: 'user', pub: allow, sub: allow, subs: -1, data: -1, payload: -1 };
      const seed = Buffer.from(user.getSeed()).toString();
      return [
        '-----BEGIN NATS USER JWT-----',
        jwt(account, user, 'gateway', nats, endsAt),
        '------END NATS USER JWT------',
        '',
        '-----BEGIN USER NKEY SEED-----',
        seed,
        '------END USER NKEY SEED------',
        '',
      ].join('\n');
    },
  };
}
