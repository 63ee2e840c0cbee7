/** How a call stands at the gateway, as `/_sluice/streams` tells it: PROTOCOL.md, section 24. Only what the page shows. */
export interface StreamLook {
  readonly sent: number;
  /** Messages, and bytes where they are counted, that the page still takes. */
  readonly credit: { readonly messages: number; readonly bytes?: number } | undefined;
  readonly gatewayBytes: number;
  readonly socketBytes: number | undefined;
  readonly windowBytes: number | undefined;
  readonly windowLeftBytes: number | undefined;
  /** How long nothing has moved because of one side; undefined while it moves. */
  readonly stalled: { readonly by: string; readonly forMs: number } | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined);
const mapOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

/** Reads one event; undefined where the gateway knows of no such call, any more or yet. */
export function lookFromEvent(data: string): StreamLook | undefined {
  const { streams } = mapOf(JSON.parse(data));
  const [first] = Array.isArray(streams) ? streams : [];
  if (first === undefined) return undefined;
  const { sent, credit, waiting, stalled } = mapOf(first);
  const { gatewayBytes, socketBytes, windowBytes, windowLeftBytes } = mapOf(waiting);
  const { messages, bytes } = mapOf(credit);
  const { by, forMs } = mapOf(stalled);
  return {
    sent: numberOf(mapOf(sent).messages) ?? 0,
    credit:
      numberOf(messages) === undefined
        ? undefined
        : { messages: Number(messages), bytes: Number(bytes ?? 0) },
    gatewayBytes: numberOf(gatewayBytes) ?? 0,
    socketBytes: numberOf(socketBytes),
    windowBytes: numberOf(windowBytes),
    windowLeftBytes: numberOf(windowLeftBytes),
    stalled: typeof by === 'string' ? { by, forMs: numberOf(forMs) ?? 0 } : undefined,
  };
}
