import type { DescService } from '@bufbuild/protobuf';
import { inTurns, type Steps } from '../../async/index.js';
import type { Codec } from '../../codec/index.js';
import { baseServices, type Method, type Schema, schemaFileSteps } from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
import type { Call, CallOptions } from '../../upstream/index.js';
import { type HealthView, healthHandlers } from './answer-health.js';
import { type ReflectedSchema, reflectionHandler } from './answer-reflection.js';
import { FileIndex } from './file-index.js';
import { OwnCall, type OwnHandler } from './own-call.js';

const HEALTH = 'grpc.health.v1.Health';
const REFLECTION_VERSIONS = ['v1', 'v1alpha'] as const;
const nameOfReflection = (version: string) => `grpc.reflection.${version}.ServerReflection`;

/** What the services of the gateway itself speak of. */
export interface OwnView extends Omit<HealthView, 'services'> {
  /** The schema in use. Throws UNAVAILABLE while there is none. */
  schema(): Schema;
  /** There is one. */
  hasSchema(): boolean;
}

/** What is made when the first client asks: a start has no use for it. */
interface Made {
  readonly methods: ReadonlyMap<string, Method>;
  readonly types: MethodTypes;
  readonly handlers: ReadonlyMap<string, OwnHandler>;
}

/** What the messages of methods are read and written with. */
export interface MethodTypes {
  readonly schema: Pick<Schema, 'registry'>;
  readonly codec: Codec;
}

/** Where their names begin, so that most paths are not looked for. */
const PREFIX = '/grpc.';

/** The services that the gateway answers itself to clients of RPC protocols: health and, unless that is switched off, reflection. */
export class OwnServices {
  readonly #names: readonly string[];
  readonly #view: OwnView;
  readonly #codec: (registry: Schema['registry']) => Codec;
  #made: Made | undefined;
  #reflected: { readonly schema: Schema; readonly value: ReflectedSchema } | undefined;

  /** `codec` makes the codecs of a schema. */
  constructor(
    view: OwnView,
    codec: (registry: Schema['registry']) => Codec,
    { reflection }: { readonly reflection: boolean },
  ) {
    this.#view = view;
    this.#codec = codec;
    this.#names = [HEALTH, ...(reflection ? REFLECTION_VERSIONS.map(nameOfReflection) : [])];
  }

  /** The method of ours at a gRPC path, if there is one. */
  method(path: string): Method | undefined {
    return path.startsWith(PREFIX) ? this.#all().methods.get(path) : undefined;
  }

  get types(): MethodTypes {
    return this.#all().types;
  }

  /** Opens a call of one of them, as a transport does. */
  open(path: string, options: CallOptions): Call {
    const handler = this.#all().handlers.get(path);
    if (handler === undefined) throw new RpcError('METHOD_NOT_FOUND', `there is no method ${path.slice(1)}`);
    return new OwnCall(handler, options);
  }

  #all(): Made {
    this.#made ??= this.#make();
    return this.#made;
  }

  #make(): Made {
    const { registry, methods } = baseServices(this.#names);
    const handlers = new Map<string, OwnHandler>();
    const view: HealthView = {
      isReady: () => this.#view.isReady(),
      changed: this.#view.changed,
      services: () => this.#exposed(),
    };
    for (const [name, handler] of Object.entries(healthHandlers(registry, view)))
      handlers.set(`/${HEALTH}/${name}`, handler);
    for (const version of REFLECTION_VERSIONS) {
      const handler = reflectionHandler(registry, version, () => this.#reflect());
      handlers.set(`/${nameOfReflection(version)}/ServerReflectionInfo`, handler);
    }
    return { methods, types: { schema: { registry }, codec: this.#codec(registry) }, handlers };
  }

  /** Full names, sorted: those of the schema, and our own. */
  #exposed(): string[] {
    const foreign = this.#view.hasSchema() ? this.#view.schema().serviceNames : [];
    return [...new Set([...foreign, ...this.#names])].sort();
  }

  /** Made when the first client asks after a schema has come. */
  #reflect(): ReflectedSchema {
    const schema = this.#view.schema();
    if (this.#reflected?.schema !== schema) {
      const ours = baseServices(this.#names).services;
      let made: Promise<FileIndex> | undefined;
      const files = () => {
        made ??= inTurns(indexSteps(schema, ours));
        return made;
      };
      this.#reflected = { schema, value: { services: this.#exposed(), files } };
    }
    return this.#reflected.value;
  }
}

/** Reads every file of a schema, which takes a second for the largest. */
function* indexSteps(schema: Schema, ours: readonly DescService[]): Steps<FileIndex> {
  return yield* FileIndex.steps(yield* schemaFileSteps(schema, ours));
}
