import type { Status } from '../../status/index.js';
import type { Batch } from '../../upstream/index.js';
import { MemoryJournal } from './memory-journal.js';

/** The part of a journal that several gateways share which lies in the memory of this one: its clients read it there. */
export class SharedJournal extends MemoryJournal {
  /** Tells the others how the call ended, before anybody here hears of it. */
  tell: ((status: Status) => Promise<void>) | undefined;

  /** The next messages came so long ago, in milliseconds. */
  ageMs = 0;

  override append(batch: Batch): boolean {
    const taken = super.append(batch, this.ageMs);
    // So what is too old is not there for anybody.
    if (this.ageMs > 0) this.evictAged();
    return taken;
  }

  override async finish(status: Status): Promise<void> {
    const { tell } = this;
    this.tell = undefined;
    if (tell !== undefined) await tell(status);
    super.finish(status);
  }

  override close(): void {
    this.tell = undefined;
    super.close();
  }
}
