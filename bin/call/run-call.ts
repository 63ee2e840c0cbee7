import type { Registry } from '@bufbuild/protobuf';
import { type Codec, compiledCodec } from '../../gateway/codec/index.js';
import type { Method } from '../../gateway/schema/index.js';
import { Code } from '../../gateway/status/index.js';
import type { Transport } from '../../gateway/upstream/index.js';
import type { SettingsError } from '../options/index.js';
import type { Answer } from './answer.js';
import { CallFailure, endLines, exitCodeOf } from './call-end.js';
import { type CallLink, openLink, openLinkTransport } from './call-link.js';
import { type CallSettings, type CallWish, readCallWish } from './call-settings.js';
import { detachCall, gatewayOfLocation, joinCall, stopCall } from './detached-call.js';
import { encodedCursor, encodedJson } from './encoded-json.js';
import { exchange } from './exchange.js';
import { exchangeAnyWay } from './exchange-any-way.js';
import { jsonFromArguments } from './field-arguments.js';
import { downloadContent, FileAnswer } from './file-answer.js';
import { FullAnswer } from './full-answer.js';
import { JsonPrinter } from './json-printer.js';
import { linkSchema } from './link-schema.js';
import { methodByName } from './method-name.js';
import { Pace } from './pace.js';
import { PrintedAnswer } from './printed-answer.js';
import { Progress } from './progress.js';
import { between, requestMessages } from './request-messages.js';
import type { CallStreams, Errand } from './terminal.js';
import { TextOutput } from './text-output.js';
import { uploadContent, uploadMessages, uploadSize } from './upload.js';
import { WebTransport } from './web-transport.js';

/** Starts `sluice call`. */
export function startCall(settings: CallSettings, streams: CallStreams): Errand {
  const controller = new AbortController();
  const done = new CallRun(settings, streams, controller.signal).run();
  return { done, interrupt: () => controller.abort(new Error('interrupted')) };
}

const NOTHING = new Uint8Array(0);

/** One run of `sluice call`, from its options to its exit code. */
class CallRun {
  readonly #settings: CallSettings;
  readonly #streams: CallStreams;
  readonly #signal: AbortSignal;
  readonly #output: TextOutput;
  readonly #progresses: Progress[] = [];
  /** What is to be closed at the end, in the order of opening. */
  readonly #ends: (() => Promise<void> | void)[] = [];

  constructor(settings: CallSettings, streams: CallStreams, signal: AbortSignal) {
    this.#settings = settings;
    this.#streams = streams;
    this.#signal = signal;
    this.#output = new TextOutput(streams.output);
  }

  async run(): Promise<number> {
    try {
      const code = await this.#run();
      await this.#output.flush();
      return code;
    } catch (reason) {
      if (this.#signal.aborted) return exitCodeOf({ code: Code.CANCELLED });
      if (!(reason instanceof CallFailure)) throw reason;
      this.#tell(endLines(reason.end));
      return exitCodeOf(reason.end);
    } finally {
      this.#endProgress();
      for (const end of this.#ends.reverse()) await end();
    }
  }

  async #run(): Promise<number> {
    const { values } = this.#settings;
    const wish = readCallWish(this.#settings);
    const address = wish.arguments.address ?? gatewayOfLocation(values.join ?? values.stop);
    const link = await openLink(this.#settings, address);
    if (values.stop !== undefined) return await stopCall(link, values.stop, this.#signal);
    if (values.join !== undefined) return await this.#join(link, values.join, wish);
    return await this.#call(link, wish);
  }

  async #call(link: CallLink, wish: CallWish): Promise<number> {
    const { detach, http1, maxMessageBytes, resume, verbose } = this.#settings.values;
    let opened: Transport | undefined;
    this.#ends.push(() => opened?.close());
    const transport = async () => {
      opened ??= await openLinkTransport(link, { maxMessageBytes, isSlow: wish.paceMs !== undefined });
      return opened;
    };
    const schema = await linkSchema(this.#settings, link, transport, this.#signal);
    const method = methodByName(schema, wish.arguments.name ?? '');
    const codec = compiledCodec(schema.registry, { codeGeneration: false });
    const messages = await this.#messages(link, method, codec, wish.arguments.fields);
    const call = { link, method, messages, deadlineMs: wish.deadlineMs, signal: this.#signal };
    if (detach) return await detachCall({ ...call, codec, output: this.#output });
    const options = {
      ...call,
      registry: schema.registry,
      answer: await this.#answer(method, codec, schema.registry),
      output: this.#output,
      resume,
      pace: this.#pace(wish),
      isVerbose: verbose,
      tell: (lines: readonly string[]) => this.#tell(lines),
    };
    const web = () => new WebTransport(link, { maxMessageBytes });
    if (http1) return await exchange({ ...options, transport: web() });
    return await exchangeAnyWay({ ...options, transport: await transport() }, web);
  }

  async #join(link: CallLink, location: string, wish: CallWish): Promise<number> {
    return await joinCall({
      link,
      location,
      resume: this.#settings.values.resume,
      deadlineMs: wish.deadlineMs,
      pace: this.#pace(wish),
      printer: this.#printer(),
      output: this.#output,
      signal: this.#signal,
      tell: (lines) => this.#tell(lines),
    });
  }

  /** The messages of the request. Rejects with `SettingsError` for what is known to be wrong at once. */
  async #messages(
    link: CallLink,
    method: Method,
    codec: Codec,
    texts: readonly string[],
  ): Promise<AsyncIterable<Uint8Array>> {
    const { data, upload, maxMessageBytes, resume } = this.#settings.values;
    const { input } = this.#streams;
    const before =
      texts.length === 0
        ? undefined
        : encodedJson(codec, method.input, jsonFromArguments(method.input, texts), 'the arguments');
    const after =
      resume === undefined || link.address.isGateway ? NOTHING : encodedCursor(codec, method, resume);
    if (upload === undefined) {
      return requestMessages({
        method,
        codec,
        before,
        after,
        data,
        input,
        isTyped: input.isTTY === true,
        onFault: (fault: SettingsError) => this.#tell([`${fault.message}; it was not sent`]),
        maxMessageBytes,
      });
    }
    const content = uploadContent(method);
    const progress = this.#showProgress(upload, await uploadSize(upload));
    const fields = between({ method, before, after }, NOTHING);
    const onSent = (bytes: number) => progress.add(bytes);
    return uploadMessages({ method, content, file: upload, input, fields, maxMessageBytes, onSent });
  }

  async #answer(method: Method, codec: Codec, registry: Registry): Promise<Answer> {
    const { output: file } = this.#settings.values;
    if (file === undefined) return this.#printed(method, codec, registry);
    const content = downloadContent(method);
    if (file === '-') return FileAnswer.to(content, this.#output, () => {});
    const progress = this.#showProgress(file, undefined);
    return await FileAnswer.toFile(content, file, (bytes) => progress.add(bytes));
  }

  #printed({ output }: Method, codec: Codec, registry: Registry): Answer {
    return this.#settings.values.emitDefaults
      ? new FullAnswer(output, registry, this.#printer())
      : new PrintedAnswer(codec.forMessage(output), this.#printer());
  }

  #printer(): JsonPrinter {
    const { format } = this.#settings.values;
    const isTerminal = this.#streams.output.isTTY === true;
    return new JsonPrinter(this.#output, format === 'pretty' || (format === 'auto' && isTerminal), () =>
      this.#endProgress(),
    );
  }

  #pace({ paceMs }: CallWish): Pace | undefined {
    return paceMs === undefined ? undefined : new Pace(paceMs, this.#signal);
  }

  #showProgress(file: string, total: number | undefined): Progress {
    const progress = new Progress(this.#streams.errors, file, total);
    this.#progresses.push(progress);
    return progress;
  }

  /** Before anything else is written. */
  #endProgress(): void {
    for (const progress of this.#progresses) progress.end();
  }

  #tell(lines: readonly string[]): void {
    if (lines.length > 0) this.#endProgress();
    for (const line of lines) this.#streams.errors.write(`sluice call: ${line}\n`);
  }
}
