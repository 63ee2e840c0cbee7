const NAME = /^[0-9a-z_.-]{1,128}$/;

/** Throws a TypeError when metadata cannot have this name. Capitals are taken, as HTTP does. */
export function assertIdentityName(name: string): void {
  const lower = name.toLowerCase();
  if (NAME.test(lower) && !lower.startsWith('grpc-')) return;
  throw new TypeError('must be a name of metadata: 0-9 a-z _ . - and not grpc-*, for example x-user-id');
}
