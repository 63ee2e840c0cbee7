import { codeFromNumber, type Metadata, REASONS, type Reason, type Status } from '../../status/index.js';

/** Initial metadata, as the gateways tell it each other; `undefined` where the service sent none. */
export function encodeHead(metadata: Metadata | undefined): string {
  return JSON.stringify(metadata ?? []);
}

export function decodeHead(text: string): Metadata {
  return JSON.parse(text) as Metadata;
}

/** How a call ended, in the same way. */
export function encodeStatus({ details, ...status }: Status): Buffer {
  const encoded = details.map(({ value, ...detail }) => ({
    ...detail,
    value: Buffer.from(value).toString('base64'),
  }));
  return Buffer.from(JSON.stringify({ ...status, details: encoded }));
}

export function decodeStatus(bytes: Buffer): Status {
  const { details, code, reason, ...status } = JSON.parse(bytes.toString()) as Omit<Status, 'details'> & {
    details: { typeUrl: string; value: string }[];
  };
  return {
    ...status,
    code: codeFromNumber(code),
    ...(isReason(reason) && { reason }),
    details: details.map((detail) => ({ ...detail, value: Buffer.from(detail.value, 'base64') })),
  };
}

/** A gateway of another version may have others. */
function isReason(reason: string | undefined): reason is Reason {
  return reason !== undefined && Object.hasOwn(REASONS, reason);
}
