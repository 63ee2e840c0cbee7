import type { MethodDefinition as LoadedMethod } from '@grpc/proto-loader';
import type { Handler } from './handler.js';

/** One method, as far as the adapter needs it. */
export interface MethodDefinition {
  /** "/pkg.Service/Method" */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** Settles when the two below may be called; `undefined`: they may be. */
  prepare(): Promise<void> | undefined;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (value: never) => Buffer;
}

/** A service: its methods by name. */
export type ServiceDefinition = Readonly<Record<string, MethodDefinition>>;

/** The literal keys of a type, without its index signature. */
type NamedKeys<Type> = keyof { [Key in keyof Type as string extends Key ? never : Key]: true } & keyof Type;

/** The handlers of a service by method name, typed by the generated definition; a method that is left out answers UNIMPLEMENTED. */
export type HandlersOf<Definition> = {
  readonly [Name in NamedKeys<Definition>]?: Definition[Name] extends LoadedMethod<
    infer _Request,
    infer Response,
    infer Request,
    infer _Response
  >
    ? Handler<Request, Response>
    : never;
};
