import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Makes a certificate for tests, good for a day: self-signed, or signed by an issuer. No key has to be kept in the
 * repository, none can expire, and no program is needed.
 * `name` is the common name and, but for an authority, the one DNS name it is good for; `uris` are names besides.
 */
export function createCertificate(
  name: string,
  issuer?: { certificate: Certificate; name: string },
  uris: readonly string[] = [],
): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer: KeyObject = issuer ? createPrivateKey(issuer.certificate.key) : privateKey;
  const now = Date.now();
  const basic = sequence(oid('551d13'), boolean(true), octets(issuer ? sequence() : sequence(boolean(true))));
  const others = uris.map((uri) => element(0x86, Buffer.from(uri)));
  const names = sequence(oid('551d11'), octets(sequence(element(0x82, Buffer.from(name)), ...others)));
  const body = sequence(
    element(0xa0, integer(2)),
    integer(1, ...randomBytes(8)),
    ecdsaWithSha256,
    commonName(issuer?.name ?? name),
    sequence(time(now - 3_600_000), time(now + 86_400_000)),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(basic, ...(issuer ? [names] : []))),
  );
  const signature = sign('sha256', body, signer);
  const whole = sequence(body, ecdsaWithSha256, element(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n');
  return {
    cert: Buffer.from(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`),
    key: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

// DER (ITU-T X.690), as much of it as a certificate (RFC 5280) needs.

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

/** A positive integer whose first byte is below 128, as it is. */
function integer(...bytes: number[]): Buffer {
  return element(0x02, Buffer.from(bytes));
}

function boolean(value: boolean): Buffer {
  return element(0x01, Buffer.from([value ? 0xff : 0]));
}

function octets(content: Buffer): Buffer {
  return element(0x04, content);
}

function oid(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'));
}

function commonName(name: string): Buffer {
  return sequence(element(0x31, sequence(oid('550403'), element(0x0c, Buffer.from(name)))));
}

function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replace(/[-:T]|\.\d+/g, '');
  return element(0x18, Buffer.from(digits));
}

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
