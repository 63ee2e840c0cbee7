import { toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  Edition,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../../base/index.js';
import type { ProblemList } from '../../problem/index.js';
import { SchemaProblem } from '../../problem/index.js';
import type { Declaration, Fault, LinkFile, MessageDeclaration } from './declaration.js';
import { Scope } from './declaration.js';

export const IDENTIFIER = /^[A-Za-z0-9_]+$/;
/** Packages and messages around a declaration: real ones have ten, and every name is looked up in all of them. */
const MAX_DEPTH = 64;
/** Longest full name: each declaration has one, so that long names of outer ones multiply. */
const MAX_NAME_CHARS = 512;

/** Everything that some file declares, under its full name. */
export interface DeclarationTable {
  readonly outermost: Scope;
  /** Those of files that were given. */
  readonly given: readonly Declaration[];
  /** By its descriptor; what has none here is declared before by another file, and not used. */
  readonly byProto: ReadonlyMap<object, Declaration>;
}

/**
 * Declares what the given files declare, over what Sluice brings along. What is declared twice counts as the first time, and is a
 * problem where the two are not alike.
 *
 * Ours stays where a file has one of our types under another name than everybody imports it by, and for google.protobuf, whose
 * JSON is ours to know: such copies are often made by a tool that has lost half of them. Elsewhere the given file wins.
 */
export function declareFiles(files: readonly LinkFile[], problems: ProblemList): DeclarationTable {
  const outermost = new Scope();
  const given: Declaration[] = [];
  const byProto = new Map<object, Declaration>();
  const baseOwner = new Map<Scope, string>();
  const firstBytes = new Map<Declaration, Uint8Array>();

  const isOurs = (scope: Scope, { proto }: LinkFile): boolean => {
    const owner = baseOwner.get(scope);
    return owner !== undefined && (owner !== proto.name || proto.package === 'google.protobuf');
  };
  const add = (declaration: Declaration): boolean => {
    const { scope, file } = declaration;
    if (!file.isBase && isOurs(scope, file)) return false;
    const first = scope.declared;
    if (first !== undefined && !first.file.isBase) {
      if (!isAlike(first, declaration, firstBytes)) {
        problems.add(
          new SchemaProblem(
            scope.fullName,
            `is declared in ${first.file.proto.name} and, not alike, in ${file.proto.name}; the first is used`,
            file.proto.name,
          ),
        );
      }
      return false;
    }
    scope.declared = declaration;
    byProto.set(declaration.proto, declaration);
    if (file.isBase) baseOwner.set(scope, file.proto.name);
    else given.push(declaration);
    return true;
  };

  for (const proto of baseFiles().byName.values()) declareFile({ proto, isBase: true }, outermost, add);
  for (const file of files) {
    const reason = faultOfFile(file.proto);
    const fault = reason === undefined ? undefined : { name: file.proto.name, reason, file: file.proto.name };
    declareFile(file, outermost, add, fault);
  }
  return { outermost, given, byProto };
}

function declareFile(
  file: LinkFile,
  outermost: Scope,
  add: (declaration: Declaration) => boolean,
  fault?: Fault,
): void {
  const { proto } = file;
  const outer = packageScope(outermost, proto.package);
  if (outer === undefined) return;
  const addEnum = (scope: Scope, own: EnumDescriptorProto, top?: Declaration) => {
    declare(scope, own.name, (inner) => {
      const declaration = { kind: 'enum' as const, proto: own, scope: inner, file, fault, uses: [] };
      add(withTop(declaration, top));
    });
  };
  const addExtension = (scope: Scope, own: FieldDescriptorProto, top?: Declaration) => {
    declare(scope, own.name, (inner) => {
      const kind = 'extension' as const;
      add(withTop({ kind, proto: own, scope: inner, file, fault, uses: [], place: scope }, top));
    });
  };
  const addMessage = (scope: Scope, own: DescriptorProto, parent?: MessageDeclaration) => {
    declare(scope, own.name, (inner) => {
      const kind = 'message' as const;
      const declaration = withTop(
        { kind, proto: own, scope: inner, file, fault, uses: [], parent },
        parent?.top,
      ) as MessageDeclaration;
      if (!add(declaration)) return;
      for (const nested of own.enumType) addEnum(inner, nested, declaration.top);
      for (const extension of own.extension) addExtension(inner, extension, declaration.top);
      for (const nested of own.nestedType) addMessage(inner, nested, declaration);
    });
  };
  for (const own of proto.enumType) addEnum(outer, own);
  for (const own of proto.messageType) addMessage(outer, own);
  for (const own of proto.extension) addExtension(outer, own);
}

/** Calls `make` with the scope of a new declaration, unless its name is none that can be. */
function declare(outer: Scope, name: string, make: (scope: Scope) => void): void {
  if (outer.depth >= MAX_DEPTH || outer.fullName.length + name.length >= MAX_NAME_CHARS) return;
  if (IDENTIFIER.test(name)) make(outer.enter(name));
}

type WithoutTop<Each> = Each extends Declaration ? Omit<Each, 'top'> : never;

function withTop(declaration: WithoutTop<Declaration>, top: Declaration | undefined): Declaration {
  const made = declaration as { top?: Declaration } & WithoutTop<Declaration>;
  made.top = top ?? (made as Declaration);
  return made as Declaration;
}

/** The scope of a package; `undefined` when it is no name, or too long. */
export function packageScope(outermost: Scope, name: string): Scope | undefined {
  if (name === '') return outermost;
  if (name.length >= MAX_NAME_CHARS) return undefined;
  const parts = name.split('.');
  if (parts.length > MAX_DEPTH / 2 || !parts.every((part) => IDENTIFIER.test(part))) return undefined;
  let scope = outermost;
  for (const part of parts) scope = scope.enter(part);
  return scope;
}

/** What is wrong with a file as a whole. */
export function faultOfFile({ syntax, edition, package: name }: FileDescriptorProto): string | undefined {
  if (packageScope(new Scope(), name) === undefined) return 'its package is not a valid name';
  switch (syntax) {
    case '':
    case 'proto2':
    case 'proto3':
      return undefined;
    case 'editions':
      if (edition in Edition && edition >= Edition.EDITION_PROTO2 && edition <= Edition.EDITION_2026) {
        return undefined;
      }
      return `its edition (${edition}) is unknown here`;
    default:
      return `its syntax (${JSON.stringify(syntax)}) is unknown here`;
  }
}

/** Whether two declarations of one name say the same. */
function isAlike(first: Declaration, other: Declaration, bytesOf: Map<Declaration, Uint8Array>): boolean {
  if (first.kind !== other.kind) return false;
  const known = bytesOf.get(first) ?? bytesFrom(first);
  bytesOf.set(first, known);
  return Buffer.compare(known, bytesFrom(other)) === 0;
}

function bytesFrom(declaration: Declaration): Uint8Array {
  switch (declaration.kind) {
    case 'message':
      return toBinary(DescriptorProtoSchema, declaration.proto);
    case 'enum':
      return toBinary(EnumDescriptorProtoSchema, declaration.proto);
    case 'extension':
      return toBinary(FieldDescriptorProtoSchema, declaration.proto);
  }
}
