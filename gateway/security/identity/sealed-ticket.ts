import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a ticket stands for, as only who has the ticket can read it: for what leaves this process. */
export function sealWith(ticket: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, keyOf(ticket), nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** The text; `undefined` where that was not sealed with this ticket. */
export function unsealWith(ticket: string, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  const head = NONCE_BYTES + TAG_BYTES;
  if (bytes.length < head) return undefined;
  const decipher = createDecipheriv(ALGORITHM, keyOf(ticket), bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, head));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(head)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** Not the id of the ticket, which the store has. Source: RFC 5869. */
function keyOf(ticket: string): Buffer {
  return Buffer.from(hkdfSync('sha256', ticket, '', 'sluice ticket', KEY_BYTES));
}
