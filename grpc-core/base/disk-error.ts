import { status } from '@grpc/grpc-js';
import { CoreError } from './errors.js';

/** What the system says of a disk that does not take or give bytes. Not here: what is about one name, such as ENOENT. */
export type DiskFault = 'EDQUOT' | 'EFBIG' | 'EIO' | 'EMFILE' | 'ENFILE' | 'ENOSPC' | 'EROFS';

const faults: Readonly<Record<DiskFault, readonly [code: status, text: string]>> = {
  ENOSPC: [status.RESOURCE_EXHAUSTED, 'the disk of the core is full: make room, then try again'],
  EDQUOT: [status.RESOURCE_EXHAUSTED, "the core's disk quota is used up: make room, then try again"],
  EFBIG: [status.RESOURCE_EXHAUSTED, 'the file is larger than the disk of the core takes'],
  EMFILE: [status.RESOURCE_EXHAUSTED, 'the core has too many open files: try again later'],
  ENFILE: [status.RESOURCE_EXHAUSTED, 'the machine of the core has too many open files: try again later'],
  EROFS: [status.FAILED_PRECONDITION, 'the disk of the core is read-only'],
  EIO: [status.DATA_LOSS, 'the disk of the core fails'],
};

/** The error for a fault; `cause` is for the log. */
export function errorFromFault(fault: DiskFault, cause: unknown): CoreError {
  const [code, text] = faults[fault];
  return new CoreError(code, text, { cause });
}

/** The fault that an error of Node's file system is about, if it is one. */
export function faultFromError(reason: unknown): DiskFault | undefined {
  if (!(reason instanceof Error) || !('code' in reason) || typeof reason.code !== 'string') return undefined;
  return Object.hasOwn(faults, reason.code) ? (reason.code as DiskFault) : undefined;
}
