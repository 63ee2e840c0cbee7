import { createWriteStream, rmSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { bytesField } from '../../gateway/codec/index.js';
import type { FileContent, Method } from '../../gateway/schema/index.js';
import { SettingsError, UsageError } from '../options/index.js';
import type { Answer } from './answer.js';
import { TextOutput } from './text-output.js';

/** Where an answer has the bytes of a file. Throws `UsageError` where no field of it can hold any. */
export function downloadContent({ download, output }: Method): FileContent {
  if (download === undefined)
    throw new UsageError(
      `--output: ${output.typeName} has no single bytes field whose bytes could be a file`,
    );
  return download;
}

/** The bytes of a file that a call answers with, where they are to go. */
export class FileAnswer implements Answer {
  readonly #path: FileContent['path'];
  readonly #output: TextOutput;
  readonly #onReceived: (bytes: number) => void;
  readonly #close: (isWhole: boolean) => Promise<void>;
  #taken: Buffer[] = [];

  private constructor(
    content: FileContent,
    output: TextOutput,
    onReceived: (bytes: number) => void,
    close: (isWhole: boolean) => Promise<void>,
  ) {
    this.#path = content.path;
    this.#output = output;
    this.#onReceived = onReceived;
    this.#close = close;
  }

  /** To an output that is open, such as the standard output; who opened it closes it. */
  static to(content: FileContent, output: TextOutput, onReceived: (bytes: number) => void): FileAnswer {
    return new FileAnswer(content, output, onReceived, async () => {});
  }

  /**
   * To a file: beside it under a name of its own first, so that a file of that name is always a whole one. What is no plain file, such as a pipe, is written
   * to as it is. Rejects with `SettingsError` where that cannot be written.
   */
  static async toFile(
    content: FileContent,
    file: string,
    onReceived: (bytes: number) => void,
  ): Promise<FileAnswer> {
    const there = await stat(file).catch(() => undefined);
    if (there?.isDirectory()) throw new SettingsError(`--output ${file}: it is a folder`);
    const isDirect = there !== undefined && !there.isFile();
    const path = isDirect ? file : join(dirname(file), `.${basename(file)}.${process.pid}.part`);
    const stream = createWriteStream(path, { flags: isDirect ? 'w' : 'wx' });
    const failed = (cause: Error) => new SettingsError(`--output ${file}: ${cause.message}`, { cause });
    await new Promise<void>((resolve, reject) => {
      stream.once('open', () => resolve());
      stream.once('error', (cause) => reject(failed(cause)));
    });
    const drop = () => rmSync(path, { force: true });
    // However the process ends, nothing is left behind.
    if (!isDirect) process.once('exit', drop);
    return new FileAnswer(content, new TextOutput(stream), onReceived, async (isWhole) => {
      try {
        if (stream.errored) throw stream.errored;
        await finished(stream.end());
        if (isWhole && !isDirect) await rename(path, file);
      } catch (cause) {
        throw failed(cause as Error);
      } finally {
        process.off('exit', drop);
        if (!isDirect) drop();
      }
    });
  }

  add(message: Uint8Array): void {
    const data = bytesField(message, this.#path);
    if (data === undefined || data.length === 0) return;
    this.#taken.push(Buffer.from(data));
    this.#onReceived(data.length);
  }

  async flush(): Promise<boolean> {
    const taken = this.#taken;
    this.#taken = [];
    return (
      taken.length === 0 ||
      (await this.#output.write(taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken)))
    );
  }

  async end(isWhole: boolean): Promise<void> {
    await this.flush();
    await this.#close(isWhole);
  }
}
