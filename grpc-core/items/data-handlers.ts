import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { StreamData } from '../../proto/types/streaming/StreamData.js';
import type { StreamingServiceDefinition } from '../../proto/types/streaming/StreamingService.js';
import { CoreError, invalid } from '../base/index.js';
import { type HandlersOf, singleRequest } from '../rpc/index.js';
import type { Log, LogRecord } from '../store/index.js';
import { batchesOf } from './batches.js';
import { itemFromRecord } from './data-log.js';
import { workInOrder } from './ordered-work.js';

/** What ControlledStream does with each item. */
export type Work = (record: LogRecord, signal: AbortSignal) => Promise<StreamData>;

export interface DataHandlersOptions {
  readonly log: Log;
  /** Default: adds the SHA-256 of the item, in a turn of its own. */
  readonly work?: Work;
  /** How long BufferedStream collects a batch. Default 1000, as the contract says. */
  readonly batchWaitMs?: number;
}

const CONTROLLED_COUNT = 100;
const MAX_IN_WORK = 10;
const BATCH_ITEMS = 100;

/** GetDataStream, ControlledStream and BufferedStream on one durable log. */
export function dataHandlers(
  options: DataHandlersOptions,
): Required<
  Pick<HandlersOf<StreamingServiceDefinition>, 'GetDataStream' | 'ControlledStream' | 'BufferedStream'>
> {
  const { log, work = digest, batchWaitMs = 1000 } = options;
  return {
    async *GetDataStream(requests, { signal }) {
      const after = await startOf(log, await singleRequest(requests));
      for await (const record of withoutGap(after, log.follow(after, signal))) yield itemFromRecord(record);
    },

    async *ControlledStream(requests, { signal }) {
      const after = await startOf(log, await singleRequest(requests));
      yield* workInOrder({ log, after, count: CONTROLLED_COUNT, maxInWork: MAX_IN_WORK, work, signal });
    },

    async *BufferedStream(requests, { signal }) {
      const after = await startOf(log, await singleRequest(requests));
      const limits = { maxItems: BATCH_ITEMS, maxWaitMs: batchWaitMs };
      for await (const batch of batchesOf(withoutGap(after, log.follow(after, signal)), limits)) {
        for (const record of batch) yield itemFromRecord(record);
      }
    },
  };
}

/**
 * Where to continue. A start beyond the newest item cannot come from this store: waiting for it would hide that the store was lost, so
 * it is OUT_OF_RANGE. A start at the newest simply waits.
 */
async function startOf(log: Log, request: { readonly start_from_id: number }): Promise<number> {
  const after = request.start_from_id;
  if (after < 0) throw invalid('start_from_id', 'must not be negative');
  const newest = await log.last();
  if (after > newest) {
    throw new CoreError(status.OUT_OF_RANGE, `start_from_id: ${after} is beyond the newest id, ${newest}`);
  }
  const [next] = await log.read(after, 1);
  if (after > 0 && next !== undefined && next.sequence > after + 1) {
    throw new CoreError(
      status.OUT_OF_RANGE,
      `start_from_id: what follows ${after} is no longer kept, the oldest id is ${next.sequence}`,
    );
  }
  return after;
}

/** A reader so slow that the retention of the log has overtaken it gets DATA_LOSS, never a hole. */
async function* withoutGap(
  after: number,
  records: AsyncIterable<LogRecord>,
): AsyncGenerator<LogRecord, void> {
  let last = after;
  for await (const record of records) {
    // A reader that asked for everything starts at the oldest there is.
    if (record.sequence !== last + 1 && last > 0) {
      throw new CoreError(status.DATA_LOSS, `the items after ${last} were removed before they were read`);
    }
    last = record.sequence;
    yield record;
  }
}

async function digest(record: LogRecord): Promise<StreamData> {
  await nextTurn();
  const hash = createHash('sha256').update(record.data).digest('hex').slice(0, 16);
  const { id, data } = itemFromRecord(record);
  return { id: id ?? 0, data: `${data} sha256:${hash}` };
}
