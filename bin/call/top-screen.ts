import type { TextOutput } from './text-output.js';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/** How a line is to be seen, where there is colour. */
export type LineStyle = 'head' | 'alarm' | 'plain';

const STYLES: Readonly<Record<LineStyle, string>> = { head: '\x1b[1m', alarm: '\x1b[33m', plain: '' };

/** A screen of its own on a terminal; what was there before comes back when it is left, also when the process ends. */
export class TopScreen {
  readonly #output: TextOutput;
  readonly #hasColor: boolean;
  #isOpen = false;
  readonly #onExit = (): void => void process.stdout.write(LEAVE);

  constructor(output: TextOutput, hasColor: boolean) {
    this.#output = output;
    this.#hasColor = hasColor;
  }

  /** Writes lines over those before; what is below them goes. Nothing flickers. Resolves as `TextOutput.write` does. */
  async show(lines: readonly (readonly [text: string, style: LineStyle])[]): Promise<boolean> {
    const shown = lines.map(([text, style]) => `${this.#styled(text, style)}\x1b[K`).join('\r\n');
    const enter = this.#isOpen ? '' : ENTER;
    if (!this.#isOpen) process.once('exit', this.#onExit);
    this.#isOpen = true;
    return await this.#output.write(`${enter}\x1b[H${shown}\x1b[J`);
  }

  /** Once more does nothing. */
  async leave(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#onExit);
    await this.#output.write(LEAVE);
  }

  #styled(text: string, style: LineStyle): string {
    const begin = this.#hasColor ? STYLES[style] : '';
    return begin === '' ? text : `${begin}${text}\x1b[0m`;
  }
}
