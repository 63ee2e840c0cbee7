import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import { type RoomHandlers, roomHandlers } from '../../../grpc-core/rooms/index.js';
import { openEmbeddedStore, type Store } from '../../../grpc-core/store/index.js';
import { MemoryStore } from './memory-store.js';

export const log = pino({ level: 'silent' });

/** Opens a store and closes it with the test. */
export type OpenStore = (t: Test) => Promise<Store>;

/** Every store the rooms must work on. */
export const stores: ReadonlyArray<readonly [name: string, open: OpenStore]> = [
  ['memory', async () => new MemoryStore()],
  [
    'embedded',
    async (t) => {
      const directory = await mkdtemp(join(tmpdir(), 'sluice-rooms-'));
      const store = await openEmbeddedStore({ directory });
      t.teardown(async () => {
        await store.close();
        await rm(directory, { recursive: true, force: true });
      });
      return store;
    },
  ],
];

/** Room handlers that are closed with the test. Twice on one store: two replicas. */
export function openRooms(t: Test, store: Store, now?: () => number): RoomHandlers {
  const rooms = roomHandlers(now === undefined ? { store, log } : { store, log, now });
  t.teardown(() => rooms.close());
  return rooms;
}
