/** A file of a set, by the places of its parts: nothing of it is read before somebody asks. */
export interface ScannedFile {
  readonly name: string;
  /** Under which its types are registered: see `emitFiles`. */
  readonly emittedName: string;
  readonly package: string;
  /** Its names may be those of what we bring along. */
  readonly isNearOurs: boolean;
  readonly start: number;
  readonly stop: number;
  /** Messages and enums, nested ones behind those that they are in. */
  readonly types: ScannedType[];
  readonly extensions: ScannedExtension[];
  readonly services: ScannedService[];
  /** Files whose types its own use, and names of base files. */
  readonly uses: Set<ScannedFile | string>;
  /** The same of its services. */
  readonly serviceUses: Set<ScannedFile | string>;
  /** Its place in an order in which each file is behind those that it uses. */
  rank: number;
}

/** A message or an enum. */
export interface ScannedType {
  readonly kind: 'message' | 'enum';
  readonly fullName: string;
  readonly file: ScannedFile;
  readonly parent: ScannedType | undefined;
  readonly start: number;
  readonly stop: number;
  isMapEntry: boolean;
}

export interface ScannedExtension {
  readonly fullName: string;
  readonly file: ScannedFile;
  readonly start: number;
  readonly stop: number;
  /** The full name of what it extends, and its number; known once it is checked. */
  extendee: string;
  number: number;
}

export interface ScannedService {
  readonly fullName: string;
  readonly file: ScannedFile;
  readonly methods: ScannedMethod[];
}

export interface ScannedMethod {
  readonly name: string;
  /** "/pkg.Service/Method" */
  readonly path: string;
  /** Full names. */
  readonly input: string;
  readonly output: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** Where its google.protobuf.MethodOptions are; empty without any. */
  readonly optionsStart: number;
  readonly optionsStop: number;
}

/** A field of a message, as far as rules need it. */
export interface ScannedField {
  readonly name: string;
  readonly number: number;
  readonly label: number;
  readonly type: number;
  /** With a dot before it; "" for scalars. */
  readonly typeName: string;
  readonly oneof: number;
  readonly defaultValue: string | undefined;
}

/** A set whose every part is sound. */
export interface ScannedSet {
  readonly bytes: Buffer;
  readonly files: readonly ScannedFile[];
  readonly types: ReadonlyMap<string, ScannedType>;
}
