import type { Registry } from '@bufbuild/protobuf';
import { LateRegistry } from './late-registry.js';
import type { ScannedFile, ScannedSet } from './scan/index.js';

/**
 * Tells of a service whether it and every type that it uses are the same in both registries, byte for byte, without reading any. Of registries that were read as a
 * whole it says no.
 */
export function sameServices(before: Registry, after: Registry): (service: string) => boolean {
  if (!(before instanceof LateRegistry && after instanceof LateRegistry)) return () => false;
  const others = new Map(after.set.files.map((file) => [file.name, file]));
  const same = new Set<ScannedFile | string>();
  const areSame = (used: ReadonlySet<ScannedFile | string>) =>
    [...used].every((each) => typeof each === 'string' || same.has(each));
  const services = new Set<string>();
  // Each behind those that it uses.
  for (const file of [...before.set.files].sort((one, other) => one.rank - other.rank)) {
    const other = others.get(file.name);
    if (other === undefined || !bytesOf(before.set, file).equals(bytesOf(after.set, other))) continue;
    if (areSame(file.uses)) same.add(file);
  }
  for (const file of before.set.files) {
    if (!same.has(file) || !areSame(file.serviceUses)) continue;
    for (const { fullName } of file.services) services.add(fullName);
  }
  return (service) => services.has(service);
}

function bytesOf({ bytes }: ScannedSet, { start, stop }: ScannedFile): Buffer {
  return bytes.subarray(start, stop);
}
