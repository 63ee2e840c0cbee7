import { escaped } from '../escaped.js';
import type { CallStreams } from './terminal.js';
import type { TextOutput } from './text-output.js';
import { TopScreen } from './top-screen.js';
import { ageText, type LookBefore, type StreamsLook, styleOfLine, topLines } from './top-table.js';

/** Each look behind the one before, as a table or as it came. */
export class LineView {
  readonly #streams: CallStreams;
  readonly #output: TextOutput;
  readonly #isTable: boolean;
  readonly #last = new LastLook();
  #isLost = false;

  constructor(streams: CallStreams, output: TextOutput, isTable: boolean) {
    this.#streams = streams;
    this.#output = output;
    this.#isTable = isTable;
  }

  async look(text: string): Promise<boolean> {
    this.#isLost = false;
    if (!this.#isTable) return await this.#output.write(`${text}\n`);
    const { columns = 160 } = this.#streams.output as { columns?: number };
    const { look, before } = this.#last.add(text);
    const lines = topLines(look, before, columns || 160, Number.MAX_SAFE_INTEGER);
    return await this.#output.write(`${lines.join('\n')}\n`);
  }

  async lost(why: string): Promise<boolean> {
    if (!this.#isLost) this.#streams.errors.write(`sluice top: ${escaped(why)}; trying again\n`);
    this.#isLost = true;
    return true;
  }

  async end(): Promise<void> {}
}

/** The newest look on the whole terminal. */
export class ScreenView {
  readonly #streams: CallStreams;
  readonly #screen: TopScreen;
  readonly #last = new LastLook();
  #lostAt: number | undefined;

  constructor(streams: CallStreams, output: TextOutput) {
    this.#streams = streams;
    this.#screen = new TopScreen(output, streams.hasColor === true);
  }

  async look(text: string): Promise<boolean> {
    this.#lostAt = undefined;
    this.#last.add(text);
    return await this.#show(undefined);
  }

  /** The last look stays, below what has happened. */
  async lost(why: string): Promise<boolean> {
    this.#lostAt ??= performance.now();
    return await this.#show(
      `no answer for ${ageText(performance.now() - this.#lostAt)}, trying again: ${escaped(why)}`,
    );
  }

  async end(): Promise<void> {
    await this.#screen.leave();
  }

  async #show(trouble: string | undefined): Promise<boolean> {
    const { columns, rows } = this.#streams.output as { columns?: number; rows?: number };
    const { look, before } = this.#last;
    const width = columns || 80;
    const lines = topLines(look, before, width, rows || 24);
    if (trouble !== undefined) lines[0] = trouble.slice(0, width);
    return await this.#screen.show(
      lines.map((line, index) => [
        line,
        trouble !== undefined && index === 0 ? 'alarm' : styleOfLine(look, index),
      ]),
    );
  }
}

/** The newest look, and the one before it. */
class LastLook {
  look: StreamsLook = { open: 0, streams: [] };
  before: LookBefore | undefined;
  #at: number | undefined;

  add(text: string): this {
    const at = performance.now();
    this.before = this.#at === undefined ? undefined : { look: this.look, elapsedMs: at - this.#at };
    this.look = JSON.parse(text) as StreamsLook;
    this.#at = at;
    return this;
  }
}
