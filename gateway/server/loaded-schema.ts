import { setTimeout as delay } from 'node:timers/promises';
import type { Registry } from '@bufbuild/protobuf';
import { inTurns } from '../async/index.js';
import type { Codec } from '../codec/index.js';
import {
  breakingChangeSteps,
  changedSchemaFromReflection,
  descriptionSteps,
  ReflectionEnded,
  type ReflectionOpen,
  type Schema,
  SchemaError,
  schemaFromReflection,
} from '../schema/index.js';
import { Code, type Metadata, RpcError } from '../status/index.js';
import type { Transport } from '../upstream/index.js';
import { configuredSchema, type GatewayConfig } from './config/index.js';

/** A schema with its codecs: always replaced together. */
export interface LoadedSchema {
  readonly schema: Schema;
  readonly codec: Codec;
  /** What can be called, as JSON. Made when it is first asked for, between other work: it is a walk over all types. */
  description(): Promise<Buffer>;
}

/** How many breaking changes a line of log names. */
const LOGGED_CHANGES = 20;
/** How many problems of a schema have a line of log; `/_sluice/services` has them all. */
const LOGGED_PROBLEMS = 50;
/** How many a readiness probe shows. */
const SHOWN_PROBLEMS = 5;
/** How long the first attempt may hold up the start, in milliseconds. */
const FIRST_WAIT_MS = 5_000;
/** How long one attempt may take, whatever happens; the bounds of reflection end it before. */
const ATTEMPT_MS = 60_000;
const MAX_BACK_OFF_MS = 5_000;

type Opener = Pick<Transport, 'open'>;

interface ConfiguredSchema {
  readonly schema: Schema;
  readonly warnings: readonly string[];
}

/** What becomes of a new schema that breaks clients. */
export interface SchemaChanges {
  /** It is refused, and the old one stays. */
  readonly guard: boolean;
  /** Hears how many breaking changes there were, and what became of them. */
  onBreaking(count: number, result: 'used' | 'refused'): void;
}

/** Where requests find the schema: given at the start, or learnt from the upstream, which may come up later than we do. */
export class SchemaSource {
  readonly #warn: (fields: object, message: string) => void;
  readonly #codec: (registry: Registry) => Codec;
  #config: GatewayConfig;
  readonly #onLoad: (schema: Schema) => void;
  readonly #metadata: Metadata;
  readonly #stop = new AbortController();
  #loaded: LoadedSchema | undefined;
  /** Of the schema that the guard has refused. */
  #refusedDigest: string | undefined;
  /** Why there is none yet, for clients. */
  #failure = 'its server reflection has not answered';
  readonly #changes: SchemaChanges;

  /** `warn` writes a line of log; `codec` makes the codecs of a schema; `config` is what is configured for its methods, `onLoad` hears of each one, `metadata` goes with every reflection call, `changes` is what becomes of breaking changes. */
  constructor(
    warn: (fields: object, message: string) => void,
    codec: (registry: Registry) => Codec,
    config: GatewayConfig,
    onLoad: (schema: Schema) => void,
    metadata: Metadata,
    changes: SchemaChanges,
  ) {
    this.#changes = changes;
    this.#metadata = metadata;
    this.#warn = warn;
    this.#codec = codec;
    this.#config = config;
    this.#onLoad = onLoad;
  }

  /** The schema. Throws UNAVAILABLE, which is worth a retry, while there is none. */
  get(): LoadedSchema {
    if (this.#loaded !== undefined) return this.#loaded;
    throw new RpcError('SCHEMA_NOT_LOADED', this.notLoaded);
  }

  /** What is to be said while there is no schema. */
  get notLoaded(): string {
    return `the schema of the service is not loaded yet: ${this.#failure}`;
  }

  /** What is wrong with a schema that is in use, in a few lines. */
  get warnings(): readonly string[] {
    const problems = this.#loaded?.schema.problems ?? [];
    const more = problems.length - SHOWN_PROBLEMS;
    const shown = problems.slice(0, SHOWN_PROBLEMS).map(String);
    return more > 0 ? [...shown, `${more} more: see /_sluice/services`] : shown;
  }

  get ready(): boolean {
    return this.#loaded !== undefined;
  }

  use(learnt: Schema): void {
    this.#put(this.#configured(learnt, this.#config));
  }

  /** With what is configured for its methods, and what of that does not fit it. */
  #configured(learnt: Schema, config: GatewayConfig): ConfiguredSchema {
    const warnings: string[] = [];
    const schema = configuredSchema(learnt, config, (problem) => warnings.push(problem));
    return { schema, warnings };
  }

  #put({ schema, warnings }: ConfiguredSchema): void {
    this.#warnOf(schema.problems);
    for (const problem of warnings) this.#warn({ problem }, 'configuration problem');
    this.#onLoad(schema);
    let description: Promise<Buffer> | undefined;
    this.#loaded = {
      schema,
      codec: this.#codec(schema.registry),
      description: () => {
        description ??= inTurns(descriptionSteps(schema)).then((made) => Buffer.from(JSON.stringify(made)));
        return description;
      },
    };
  }

  #warnOf(problems: Schema['problems']): void {
    for (const problem of problems.slice(0, LOGGED_PROBLEMS)) {
      this.#warn({ problem: String(problem), ...(problem.file && { file: problem.file }) }, 'schema problem');
    }
    const more = problems.length - LOGGED_PROBLEMS;
    if (more > 0) this.#warn({ problem: `${more} more: see /_sluice/services` }, 'schema problem');
  }

  /**
   * Replaces configuration and schema, both or none; without `given` the service is asked again, once. Resolves with the number of
   * methods. Rejects, and changes nothing, when the service does not answer or describes nothing, or the guard refuses the new schema. A service that has not answered yet
   * goes on being asked, and only the configuration is replaced.
   */
  async reload(transport: Opener, config: GatewayConfig, given?: Schema): Promise<number> {
    const learnt = given ?? (this.ready ? await this.#ask(transport) : undefined);
    const refused = learnt && (await this.#replace(learnt, config));
    if (refused !== undefined) throw new Error(refused);
    this.#config = config;
    return this.#loaded?.schema.methods.size ?? 0;
  }

  /**
   * Asks the service whether its schema has changed, and uses the new one; with the guard only if it breaks nothing. Rejects when the service
   * does not answer, or not whole; then the old one stays. Resolves with what happened.
   */
  async refresh(transport: Opener): Promise<'same' | 'changed' | 'refused'> {
    const before = this.#loaded?.schema;
    if (before === undefined) return 'same';
    const learnt = await this.#whileAsked(transport, (open, signal) =>
      // What was refused is offered again each time, and told once.
      changedSchemaFromReflection(open, before, this.#refusedDigest, { signal }),
    );
    if (learnt === undefined) return 'same';
    return (await this.#replace(learnt)) === undefined ? 'changed' : 'refused';
  }

  /** Says why when the guard refuses it. With this configuration, or the one in force. */
  async #replace(learnt: Schema, given?: GatewayConfig): Promise<string | undefined> {
    const before = this.#loaded?.schema;
    const config = given ?? this.#config;
    const configured = this.#configured(learnt, config);
    // Calls go on meanwhile: of a large schema it may take seconds.
    const broken = before === undefined ? [] : await inTurns(breakingChangeSteps(before, configured.schema));
    // Somebody else has replaced one of them: what was compared is not what is in force.
    if (this.#loaded?.schema !== before || (given ?? this.#config) !== config)
      return await this.#replace(learnt, given);
    const named = broken.slice(0, LOGGED_CHANGES).map(({ name, change }) => `${name}: ${change}`);
    const fields = { breaking: broken.length, changes: named };
    if (broken.length > 0 && this.#changes.guard) {
      this.#refusedDigest = learnt.digest;
      this.#changes.onBreaking(broken.length, 'refused');
      this.#warn(fields, 'schema refused: it breaks clients');
      return `the new schema breaks clients, and --schema-guard is on: ${named[0]}`;
    }
    this.#refusedDigest = undefined;
    if (broken.length > 0) {
      this.#changes.onBreaking(broken.length, 'used');
      this.#warn(fields, 'schema changed: it breaks clients');
    }
    this.#config = config;
    this.#put(configured);
    return undefined;
  }

  /**
   * Learns the schema by server reflection, trying again with growing delays until it works or `close`. Resolves after the first
   * attempt, whatever came of it: a gateway that starts before its service must come up all the same.
   */
  learn(transport: Opener): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, FIRST_WAIT_MS);
      void this.#learn(transport, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {
    this.#stop.abort();
  }

  async #learn(transport: Opener, onAttempt: () => void): Promise<void> {
    const { signal } = this.#stop;
    for (let backOffMs = 250; !signal.aborted; backOffMs = Math.min(backOffMs * 2, MAX_BACK_OFF_MS)) {
      try {
        this.use(await this.#ask(transport));
        return onAttempt();
      } catch (reason) {
        if (signal.aborted) return onAttempt();
        this.#failure = failureText(reason);
        this.#warn({ problem: (reason as Error).message, retryInMs: backOffMs }, 'schema not loaded');
        onAttempt();
      }
      await delay(backOffMs * (0.5 + Math.random()), undefined, { ref: false, signal }).catch(() => {});
    }
  }

  /** Asks the service for its schema, once. */
  #ask(transport: Opener): Promise<Schema> {
    return this.#whileAsked(transport, (open, signal) => schemaFromReflection(open, { signal }));
  }

  async #whileAsked<Answer>(
    transport: Opener,
    ask: (open: ReflectionOpen, signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const attempt = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ATTEMPT_MS)]);
    return await ask(
      (path, signal, maxMessageBytes) =>
        transport.open(path, { metadata: this.#metadata, signal, maxMessageBytes }),
      attempt,
    );
  }
}

/** A failure for clients: what the schema or its service says is theirs to know, the rest is in the log. */
function failureText(reason: unknown): string {
  if (reason instanceof SchemaError) return reason.message;
  if (!(reason instanceof RpcError)) return 'it cannot be read';
  if (reason.code === Code.CANCELLED) return 'its server reflection has not answered in time';
  return reason instanceof ReflectionEnded ? reason.publicMessage : reason.message;
}
