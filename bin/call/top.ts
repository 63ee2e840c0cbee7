import type { Settings, TOP_COMMAND } from '../options/index.js';
import { isFlag, readArguments } from './call-arguments.js';
import { CallFailure, endLines, exitCodeOf } from './call-end.js';
import { openLink } from './call-link.js';
import { deadlineMs } from './deadline.js';
import type { CallStreams, Errand } from './terminal.js';
import { TextOutput } from './text-output.js';
import { topSights } from './top-looks.js';
import { LineView, ScreenView } from './top-views.js';

export type TopSettings = Settings<typeof TOP_COMMAND>;

/** The admin port of a gateway on this machine. */
const ADMIN = 'http://127.0.0.1:9090';

/** Starts `sluice top`. */
export function startTop(settings: TopSettings, streams: CallStreams): Errand {
  const controller = new AbortController();
  const output = new TextOutput(streams.output);
  // Nothing reads it any more: there is nothing to look for.
  void output.lost.then(() => controller.abort());
  const done = watch(settings, streams, output, controller.signal).catch((reason: unknown) => {
    if (controller.signal.aborted) return 0;
    if (!(reason instanceof CallFailure)) throw reason;
    for (const line of endLines(reason.end)) streams.errors.write(`sluice top: ${line}\n`);
    return exitCodeOf(reason.end);
  });
  return { done, interrupt: () => controller.abort(new Error('interrupted')) };
}

async function watch(
  settings: TopSettings,
  streams: CallStreams,
  output: TextOutput,
  signal: AbortSignal,
): Promise<number> {
  const { values, origins, rest } = settings;
  const { address } = readArguments(rest, { isAddressGiven: isFlag(origins), hasFields: false });
  const link = await openLink(
    { values: { ...values, grpc: false }, origins: { ...origins, grpc: { kind: 'default' } } },
    address ?? values.address ?? ADMIN,
  );
  const isTerminal = streams.output.isTTY === true;
  const isTable = values.format === 'table' || (values.format === 'auto' && isTerminal);
  const view =
    isTable && isTerminal && !values.once
      ? new ScreenView(streams, output)
      : new LineView(streams, output, isTable);
  try {
    for await (const sight of topSights(link, `/_sluice/streams${queryOf(settings)}`, signal)) {
      const isRead = 'look' in sight ? await view.look(sight.look) : await view.lost(sight.lost);
      if (!isRead || values.once) break;
    }
  } finally {
    await view.end();
    await output.flush();
  }
  return 0;
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
