import type { HttpBinding, Method } from '../method/index.js';

/** What a path variable of a request matched, percent-decoded as google/api/http.proto demands. */
export interface PathValue {
  readonly variable: HttpBinding['variables'][number];
  readonly value: string;
}

/** A request's path belongs to a method. */
export interface RouteMatch {
  readonly method: Method;
  /** Absent at the gRPC path itself, which takes every surface of the method. */
  readonly binding: HttpBinding | undefined;
  readonly pathValues: readonly PathValue[];
}

/** Pure: which method a request is for. Made once a schema. */
export interface RouteTable {
  /** The common HTTP methods, and those that a rule has besides. */
  readonly httpMethods: readonly string[];
  /**
   * Matches the path before it is decoded, without the query. At a gRPC path every HTTP method matches (the surface decides);
   * at other paths `httpMethod` must be that of the rule; HEAD may take the rule of GET. Throws `RpcError`
   * INVALID_ARGUMENT naming the field when a path variable is not valid percent-encoding.
   */
  match(httpMethod: string, rawPath: string): RouteMatch | undefined;
  /** What a WebSocket may open: the path of any rule, whatever its HTTP method; the first declared wins. Throws as `match`. */
  matchAny(rawPath: string): RouteMatch | undefined;
  /** The HTTP methods that the path does have: for 405 and `Allow`. Empty when it has none. */
  allowed(rawPath: string): readonly string[];
}
