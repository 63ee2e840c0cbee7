import type { Status } from '../../status/index.js';
import { MemoryJournal } from './memory-journal.js';

/** The part of a journal that several gateways share which lies in the memory of this one: its clients read it there. */
export class SharedJournal extends MemoryJournal {
  /** Tells the others how the call ended, before anybody here hears of it. */
  tell: ((status: Status) => Promise<void>) | undefined;

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
