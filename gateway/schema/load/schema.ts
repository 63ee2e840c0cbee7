import type { DescService, Registry } from '@bufbuild/protobuf';
import type { RouteTable } from '../http/index.js';
import type { Method } from '../method/index.js';
import type { SchemaProblem } from '../problem/index.js';

/** Everything the gateway knows of an upstream. Immutable: a new schema is a new object. */
export interface Schema {
  readonly registry: Registry;
  /** The services that may be called. An element may be made when it is read first: to read one is to read its file. */
  readonly services: readonly DescService[];
  /** Their full names, in the same order. */
  readonly serviceNames: readonly string[];
  /** By gRPC path, "/pkg.Service/Method". */
  readonly methods: ReadonlyMap<string, Method>;
  readonly routes: RouteTable;
  /**
   * What of the source cannot be used: methods that need something broken or missing, which are left out, and options, whose methods
   * keep their gRPC path.
   */
  readonly problems: readonly SchemaProblem[];
  /** Of these, all but what is wrong with options. */
  readonly sourceProblems: readonly SchemaProblem[];
  /** The same for two answers of server reflection that say the same; `undefined` for other sources, and where not all of it is known. */
  readonly digest: string | undefined;
  /** The files that it was read from, where it was read from `.proto` files: paths. */
  readonly files: readonly string[];
  /** Why a method that the source has is left out, by gRPC path; "/pkg.Service/" for a service of which nothing more is known. */
  readonly leftOut: ReadonlyMap<string, SchemaProblem>;
}
