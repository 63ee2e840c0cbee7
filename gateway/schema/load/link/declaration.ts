import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import type { Scope } from './scope.js';

/** A file that takes part, and whether it is one of those that Sluice brings along, which are sound and never changed. */
export interface LinkFile {
  readonly proto: FileDescriptorProto;
  readonly isBase: boolean;
}

/** Why something cannot be used: where the cause is, which need not be where it shows. */
export interface Fault {
  /** The full name of what is to be mended. */
  readonly name: string;
  readonly reason: string;
  readonly file: string;
}

interface Declared {
  readonly scope: Scope;
  readonly file: LinkFile;
  /** The top-level declaration it is in; itself if it is one. */
  readonly top: Declaration;
  /** Set when it cannot be used. */
  fault: Fault | undefined;
  /** What it cannot do without. */
  readonly uses: Declaration[];
}

export interface MessageDeclaration extends Declared {
  readonly kind: 'message';
  readonly proto: DescriptorProto;
  readonly parent: MessageDeclaration | undefined;
}

export interface EnumDeclaration extends Declared {
  readonly kind: 'enum';
  readonly proto: EnumDescriptorProto;
}

export interface ExtensionDeclaration extends Declared {
  readonly kind: 'extension';
  readonly proto: FieldDescriptorProto;
  /** Where its names are looked up. */
  readonly place: Scope;
}

/** A type or an extension that some file declares. */
export type Declaration = MessageDeclaration | EnumDeclaration | ExtensionDeclaration;
