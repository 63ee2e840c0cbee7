import { createPauseGate } from '../call/pause-gate.js';
import { button } from '../view/element.js';
import type { FileTransfer } from './file-transfer.js';
import { createTransferLine, type TransferLine } from './transfer-line.js';

/** One transfer after the other, with what stops, holds and shows it. */
export interface TransferControls {
  /** The buttons and the line, to be put behind what begins a transfer. */
  readonly nodes: readonly HTMLElement[];
  readonly line: TransferLine;
  /** Passed before each piece: while a person holds the transfer, it waits there. */
  readonly passed: () => Promise<void>;
  /** Cancels the transfer before, and begins one. `told`: what is to be said of its end. */
  run<Answer>(begin: () => FileTransfer<Answer>, told: (answer: Answer) => string): Promise<void>;
  close(): void;
}

export function createTransferControls(): TransferControls {
  const line = createTransferLine();
  const gate = createPauseGate();
  let running: FileTransfer<unknown> | undefined;

  const goOn = () => {
    gate.open();
    pause.textContent = 'Pause the transfer';
  };
  const stop = () => {
    running?.cancel();
    // What is held hears of it.
    goOn();
  };
  const cancel = button('Cancel the transfer', { class: 'small', disabled: true }, stop);
  const pause = button('Pause the transfer', { class: 'small', disabled: true }, () => {
    if (gate.closed) {
      goOn();
      line.goOn();
    } else {
      gate.close();
      pause.textContent = 'Go on';
      line.pause();
    }
  });
  const enable = (isRunning: boolean) => {
    cancel.disabled = !isRunning;
    pause.disabled = !isRunning;
  };
  return {
    nodes: [pause, cancel, line.root],
    line,
    passed: gate.passed,
    async run(begin, told) {
      stop();
      let transfer: ReturnType<typeof begin> | undefined;
      try {
        transfer = begin();
        running = transfer;
        enable(true);
        const text = told(await transfer.done);
        if (running === transfer) line.end(text, true);
      } catch (reason) {
        // Another one has taken its place.
        if (transfer !== undefined && running !== transfer) return;
        line.end(reason instanceof Error ? reason.message : String(reason), false);
      }
      if (running !== transfer && transfer !== undefined) return;
      running = undefined;
      enable(false);
      goOn();
    },
    close() {
      stop();
      gate.end();
    },
  };
}
