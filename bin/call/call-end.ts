import { create, type JsonObject, type Registry, toJson } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../../gateway/schema/index.js';
import { Code, codeFromNumber, codeName, type Status } from '../../gateway/status/index.js';
import { escaped } from '../escaped.js';

/** How a call ended, whatever it came through. */
export interface CallEnd {
  readonly code: Code;
  readonly message: string;
  /** The details of the status, each as JSON on one line. */
  readonly details: readonly string[];
  /** Why, where a gateway has ended the call and not the service. */
  readonly reason: string | undefined;
  /** Messages were lost before the end. */
  readonly truncated: boolean;
}

/** A call that ended before it could begin, such as for want of a schema. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  readonly end: CallEnd;

  constructor(end: Partial<CallEnd> & Pick<CallEnd, 'code' | 'message'>, cause?: unknown) {
    super(`${codeName(end.code)}: ${end.message}`, { cause });
    this.end = { details: [], reason: undefined, truncated: false, ...end };
  }

  /** What a process exits with because of it. */
  get exitCode(): number {
    return exitCodeOf(this.end);
  }
}

/** Exit codes below it are no codes of gRPC: 64 and the code, as grpcurl has it. */
const FIRST_EXIT_CODE = 64;

/** What a process exits with: 0, or 64 and the code of gRPC. */
export function exitCodeOf({ code }: Pick<CallEnd, 'code'>): number {
  return code === Code.OK ? 0 : FIRST_EXIT_CODE + code;
}

/** The end of a call over gRPC. `registry` prints the details of types that the gateway itself does not know. */
export function endOfStatus(status: Status, registry: Registry): CallEnd {
  const { code, message, truncated, trailers } = status;
  return {
    code,
    message,
    truncated,
    reason: trailers.find(([name]) => name === 'sluice-reason')?.[1],
    // Of an end that our own transport made, the code and the message say all.
    details: (status.reason === undefined ? status.details : []).map(({ typeUrl, value, json }) =>
      json === undefined ? detailText(typeUrl, value, registry) : JSON.stringify(json),
    ),
  };
}

/** A google.protobuf.Any as JSON; what is of an unknown type keeps its bytes. */
function detailText(typeUrl: string, value: Uint8Array, registry: Registry): string {
  for (const known of [registry, baseFiles().registry]) {
    try {
      const json = toJson(AnySchema, create(AnySchema, { typeUrl, value }), { registry: known });
      // What it is comes first.
      return JSON.stringify({ '@type': typeUrl, ...(json as JsonObject) });
    } catch {
      // Not of this registry.
    }
  }
  return JSON.stringify({ '@type': typeUrl, value: Buffer.from(value).toString('base64') });
}

/** The end of a call as the gateway's own forms write errors: PROTOCOL.md, section 4. `undefined`: the text is no such error. */
export function endOfErrorJson(text: string): CallEnd | undefined {
  let json: { error?: { status?: unknown; message?: unknown; details?: unknown }; truncated?: unknown };
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { error } = json ?? {};
  if (typeof error !== 'object' || error === null) return undefined;
  const details: unknown[] = Array.isArray(error.details) ? error.details : [];
  const own = details.find((detail) => (detail as { domain?: unknown } | null)?.domain === 'sluice');
  return {
    code: codeFromName(error.status),
    message: String(error.message ?? ''),
    details: details.map((detail) => JSON.stringify(detail)),
    reason: own === undefined ? undefined : String((own as { reason?: unknown }).reason),
    truncated: json.truncated === true,
  };
}

function codeFromName(name: unknown): Code {
  const number = Object.hasOwn(Code, String(name)) ? Code[name as keyof typeof Code] : Code.UNKNOWN;
  return codeFromNumber(number);
}

/** A failed end as lines for people: the code by name, the message, whose error it is, and the details. Nothing in it reaches a terminal as a command. */
export function endLines({ code, message, details, reason, truncated }: CallEnd): string[] {
  const whose = reason === undefined ? '' : ` [of the gateway: ${reason}]`;
  return [
    `${codeName(code)}: ${message}${whose}`,
    ...(truncated ? ['  messages were lost before this end'] : []),
    ...details.map((detail) => `  ${detail}`),
  ].map(escaped);
}
