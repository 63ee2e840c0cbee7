import { status } from '@grpc/grpc-js';
import type { BatchItem__Output } from '../../../proto/types/streaming/BatchItem.js';
import type { BatchResult } from '../../../proto/types/streaming/BatchResult.js';
import { CoreError } from '../../base/index.js';
import type { Handler } from '../../rpc/index.js';
import type { Store } from '../../store/index.js';
import { bytesFromJson, MAX_NAME_LENGTH } from '../wire/index.js';
import {
  BATCH_PROCESSORS,
  BatchItemError,
  type BatchProcessor,
  MAX_RESULT_BYTES,
} from './batch-processors.js';
import { BatchTally, RecentIds } from './batch-tally.js';

/** Items in work at once; the sender waits while there are so many. */
export const MAX_ITEMS_IN_WORK = 8;
/** The log that keeps results, as JSON `{id, type, data}` with `data` in base64. */
export const RESULTS_LOG = 'batch.results';
const MAX_ITEMS = 2_147_483_647;

/**
 * `ProcessBatch`: each item by the processor of its `type`, at most 8 at once, the next one read when one is done. An item
 * fails when its type is unknown, its data is not what the type says, or its id is missing, longer than 200 characters or
 * the same as another's (of the last 65,536 items). `failed_ids` has the first 1,000 in the order of the stream; an id that is missing or too
 * long is listed as the item's number from 0, "#3". A result that cannot be stored ends the batch, with RESOURCE_EXHAUSTED when the disk is full.
 */
export function batchHandler(
  store: Store,
  processors: ReadonlyMap<string, BatchProcessor> = BATCH_PROCESSORS,
): Handler<BatchItem__Output, BatchResult> {
  const results = store.log(RESULTS_LOG);
  return async function* processBatch(requests, context) {
    const tally = new BatchTally();
    const ids = new RecentIds();
    const inWork = new Set<Promise<void>>();
    let index = 0;
    let storeFailure: CoreError | undefined;

    const process = async (item: BatchItem__Output): Promise<void> => {
      const processor = processors.get(item.type);
      if (processor === undefined) throw new BatchItemError('type: is unknown');
      const data = await processor(item.data);
      if (data === undefined) return;
      if (data.length > MAX_RESULT_BYTES) throw new BatchItemError('data: gives a result over 1 MiB');
      await results.append(bytesFromJson({ id: item.id, type: item.type, data: data.toString('base64') }));
    };

    try {
      for await (const item of requests) {
        if (context.signal.aborted) return;
        const at = index++;
        if (at === MAX_ITEMS)
          throw new CoreError(status.RESOURCE_EXHAUSTED, `at most ${MAX_ITEMS} items in one call`);
        const named = item.id !== '' && item.id.length <= MAX_NAME_LENGTH;
        if (!named) {
          tally.failed(at, `#${at}`);
          continue;
        }
        if (!ids.add(item.id)) {
          tally.failed(at, item.id);
          continue;
        }
        const work = process(item).then(
          () => tally.succeeded(),
          (error: unknown) => {
            // Not the item's fault: a disk that is full.
            if (error instanceof CoreError) storeFailure ??= error;
            else if (!(error instanceof BatchItemError))
              context.log.error({ err: error, item: item.id }, 'batch item failed');
            tally.failed(at, item.id);
          },
        );
        const entry = work.then(() => {
          inWork.delete(entry);
        });
        inWork.add(entry);
        if (inWork.size >= MAX_ITEMS_IN_WORK) await Promise.race(inWork);
        if (storeFailure !== undefined) break;
      }
    } finally {
      await Promise.all(inWork);
    }
    if (storeFailure !== undefined) throw storeFailure;
    yield tally.result();
  };
}
