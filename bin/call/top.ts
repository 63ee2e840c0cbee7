import { Code } from '../../gateway/status/index.js';
import type { Settings, TOP_COMMAND } from '../options/index.js';
import { isFlag, readArguments } from './call-arguments.js';
import { CallFailure, endLines, exitCodeOf } from './call-end.js';
import { type CallLink, openLink } from './call-link.js';
import { deadlineMs } from './deadline.js';
import { askGateway, headersOfMetadata } from './gateway-request.js';
import { failureOfAnswer, readBody } from './link-schema.js';
import { readEvents } from './sse-reader.js';
import type { CallStreams, Errand } from './terminal.js';
import { TextOutput } from './text-output.js';
import { type LookBefore, type StreamsLook, topLines } from './top-table.js';

export type TopSettings = Settings<typeof TOP_COMMAND>;

/** The admin port of a gateway on this machine. */
const ADMIN = 'http://127.0.0.1:9090';
/** A thousand rows have less. */
const MAX_LOOK_CHARACTERS = 4 * 1024 * 1024;
const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l';
const LEAVE_SCREEN = '\x1b[?25h\x1b[?1049l';

/** Starts `sluice top`. */
export function startTop(settings: TopSettings, streams: CallStreams): Errand {
  const controller = new AbortController();
  const done = watch(settings, streams, controller.signal).catch((reason: unknown) => {
    if (controller.signal.aborted) return 0;
    if (!(reason instanceof CallFailure)) throw reason;
    for (const line of endLines(reason.end)) streams.errors.write(`sluice top: ${line}\n`);
    return exitCodeOf(reason.end);
  });
  return { done, interrupt: () => controller.abort(new Error('interrupted')) };
}

async function watch(settings: TopSettings, streams: CallStreams, signal: AbortSignal): Promise<number> {
  const { values, origins, rest } = settings;
  const { address } = readArguments(rest, { isAddressGiven: isFlag(origins), hasFields: false });
  const link = await openLink(
    { values: { ...values, grpc: false }, origins: { ...origins, grpc: { kind: 'default' } } },
    address ?? values.address ?? ADMIN,
  );
  const output = new TextOutput(streams.output);
  const isTable = values.format === 'table' || (values.format === 'auto' && streams.output.isTTY === true);
  const isScreen = isTable && streams.output.isTTY === true && !values.once;
  const looks = looksAt(link, queryOf(settings), signal, output);
  let before: { readonly look: StreamsLook; readonly at: number } | undefined;
  if (isScreen) await output.write(ENTER_SCREEN);
  try {
    for await (const text of looks) {
      const at = performance.now();
      const look = JSON.parse(text) as StreamsLook;
      const { columns = 160, rows = 50 } = streams.output as { columns?: number; rows?: number };
      const last: LookBefore | undefined = before && { look: before.look, elapsedMs: at - before.at };
      const lines = isTable
        ? topLines(look, last, columns || 160, isScreen ? rows || 50 : Number.MAX_SAFE_INTEGER)
        : [text];
      // Each line is written over the one before, and what is below goes: nothing flickers.
      const shown = isScreen
        ? `\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`
        : `${lines.join('\n')}\n`;
      if (!(await output.write(shown)) || values.once) return 0;
      before = { look, at };
    }
  } finally {
    if (isScreen) await output.write(LEAVE_SCREEN);
    await output.flush();
  }
  if (output.isLost || signal.aborted) return 0;
  throw new CallFailure({
    code: Code.UNAVAILABLE,
    message: `${link.address.authority} has ended the connection`,
  });
}

async function* looksAt(
  link: CallLink,
  query: string,
  signal: AbortSignal,
  output: TextOutput,
): AsyncGenerator<string> {
  const headers = { ...headersOfMetadata(link.metadata), accept: 'text/event-stream' };
  const answer = await askGateway(link, { method: 'GET', path: `/_sluice/streams${query}`, headers, signal });
  if (answer.statusCode !== 200)
    throw failureOfAnswer(link, answer.statusCode ?? 0, await readBody(answer, MAX_LOOK_CHARACTERS));
  void output.lost.then(() => answer.destroy());
  try {
    for await (const { event, data } of readEvents(answer, MAX_LOOK_CHARACTERS))
      if (event === 'message') yield data;
  } catch (cause) {
    if (output.isLost) return;
    throw new CallFailure(
      { code: Code.UNAVAILABLE, message: `${link.address.authority}: ${(cause as Error).message}` },
      cause,
    );
  } finally {
    answer.destroy();
  }
}

function queryOf({ values: { method, requestId, limit, interval } }: TopSettings): string {
  const query = new URLSearchParams({
    limit: String(limit),
    intervalMs: String(deadlineMs(interval, '--interval')),
  });
  if (method !== undefined) query.set('method', method);
  for (const id of requestId) query.append('requestId', id);
  return `?${query}`;
}
