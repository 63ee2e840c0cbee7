export type Kind = 'unary' | 'server_stream' | 'client_stream' | 'bidi_stream';

/** A method in the answer of `/_sluice/services`. */
export interface MethodEntry {
  /** "/pkg.Service/Method" */
  readonly path: string;
  readonly name: string;
  readonly kind: Kind;
  readonly comment: string;
  /** Its `google.api.http` paths, for example "GET /v1/data". */
  readonly http: readonly string[];
  /** It has no side effects, or an HTTP `GET` rule: it may be called by `GET`. */
  readonly safe: boolean;
  /** One of its sides is a file: it may travel as bytes. */
  readonly file: boolean;
  /** Where in a request the bytes of a file are, as names of fields with dots between; undefined where there are none. */
  readonly upload: string | undefined;
  /** Its messages have cursors, so a stream that was cut resumes. */
  readonly resumable: boolean;
  /** Its calls are recorded: they can go on without their page. */
  readonly recorded: boolean;
  /** An example request as ProtoJSON. */
  readonly example: unknown;
}

export interface ServiceEntry {
  readonly name: string;
  readonly comment: string;
  readonly methods: readonly MethodEntry[];
}

const KINDS: readonly string[] = ['unary', 'server_stream', 'client_stream', 'bidi_stream'] satisfies Kind[];

/** Reads the answer of `/_sluice/services`. Entries that it does not understand are left out, because the page may be older than the gateway. */
export function servicesFromJson(json: unknown): ServiceEntry[] {
  return listOf(fieldOf(json, 'services')).map((service) => {
    const name = textOf(fieldOf(service, 'name'));
    return {
      name,
      comment: textOf(fieldOf(service, 'comment')),
      methods: listOf(fieldOf(service, 'methods')).flatMap((method) => methodFromJson(name, method)),
    };
  });
}

function methodFromJson(service: string, method: unknown): MethodEntry[] {
  const name = textOf(fieldOf(method, 'name'));
  const kind = fieldOf(method, 'kind');
  if (name === '' || typeof kind !== 'string' || !KINDS.includes(kind)) return [];
  return [
    {
      name,
      kind: kind as Kind,
      path: textOf(fieldOf(method, 'path')) || `/${service}/${name}`,
      comment: textOf(fieldOf(method, 'comment')),
      http: listOf(fieldOf(method, 'http')).map(
        (rule) => `${textOf(fieldOf(rule, 'method'))} ${textOf(fieldOf(rule, 'path'))}`,
      ),
      example: fieldOf(method, 'example') ?? {},
      safe:
        fieldOf(method, 'safe') === true ||
        listOf(fieldOf(method, 'http')).some((rule) => fieldOf(rule, 'method') === 'GET'),
      file: fieldOf(method, 'file') === true,
      upload: textOf(fieldOf(method, 'upload')) || undefined,
      resumable: fieldOf(method, 'resumable') === true,
      recorded: fieldOf(method, 'recorded') === true,
    },
  ];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
