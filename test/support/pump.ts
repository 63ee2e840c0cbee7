import { Pump } from '../../gateway/bridge/index.js';

type Read<Messages> = Pump<Messages>['read'];
type Write<Messages> = Pump<Messages>['write'];

/** Moves messages by functions. */
class FunctionPump<Messages> extends Pump<Messages> {
  override readonly read: Read<Messages>;
  override readonly write: Write<Messages>;
  override readonly count: (batch: Messages) => void;

  constructor(read: Read<Messages>, write: Write<Messages>, count: (batch: Messages) => void) {
    super();
    this.read = read;
    this.write = write;
    this.count = count;
  }
}

/** What `Pump.run` returns. */
export function pump<Messages>(
  read: Read<Messages>,
  write: Write<Messages>,
  count: (batch: Messages) => void,
): boolean | Promise<boolean> {
  return new FunctionPump(read, write, count).run();
}
