import { type Metadata, status } from '@grpc/grpc-js';
import { CoreError } from '../base/index.js';

/** As long as the `sub` of a token may be, in UTF-16 code units. */
const MAX_SUBJECT_LENGTH = 256;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Who calls: the value of this metadata, which a gateway or a mesh sets and no client can. A name that ends in `-bin` has UTF-8. UNAUTHENTICATED when it is
 * missing, empty, longer than 256 characters, or not text. Of a value that is there twice HTTP/2 in Node makes one, joined by ", ", which is neither of both.
 */
export function subjectOf(metadata: Metadata, name: string): string {
  const values = metadata.get(name);
  const subject = values.length === 1 ? textOf(values[0]) : undefined;
  if (subject === undefined || subject === '' || subject.length > MAX_SUBJECT_LENGTH) {
    throw new CoreError(
      status.UNAUTHENTICATED,
      `metadata ${name}: must name the signed-in subject, once and in 1 to ${MAX_SUBJECT_LENGTH} characters`,
    );
  }
  return subject;
}

function textOf(value: string | Buffer | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  try {
    return utf8.decode(value);
  } catch {
    return undefined;
  }
}

/** PERMISSION_DENIED that names the field when somebody is signed in and the field names another one. Who is signed in is not told. */
export function assertSubject(subject: string | undefined, field: string, name: string): void {
  if (subject === undefined || name === subject) return;
  throw new CoreError(status.PERMISSION_DENIED, `${field}: must be the signed-in subject`);
}
