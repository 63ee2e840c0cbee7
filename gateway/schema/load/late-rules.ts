import {
  FieldDescriptorProto_Type as FieldType,
  FieldDescriptorProto_Label as Label,
  MethodOptions_IdempotencyLevel,
} from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../base/index.js';
import {
  type HttpPattern,
  type HttpRule,
  isTextMessage,
  parsePathTemplate,
  patternOfRule,
} from '../http/index.js';
import { ruleFromBytes } from './rule-from-bytes.js';
import {
  FieldCursor,
  type ScannedField,
  type ScannedMethod,
  type ScannedSet,
  scannedField,
} from './scan/index.js';

const IDEMPOTENCY = 34;

/** What the options of a method say, where nothing is wrong with them. */
export interface LateOptions {
  readonly declaredSafe: boolean;
  /** Of each binding of its `google.api.http`, in order. */
  readonly patterns: readonly HttpPattern[];
}

/** Reads options of methods of a set without reading types: as much of a message as a rule names. */
export class LateRules {
  readonly #set: ScannedSet;
  readonly #http: number;
  /** Options of ours, which depend on types. */
  readonly #others: ReadonlySet<number>;

  constructor(set: ScannedSet) {
    this.#set = set;
    const extensions = [...baseFiles().registry]
      .filter((desc) => desc.kind === 'extension')
      .filter(({ extendee }) => extendee.typeName === 'google.protobuf.MethodOptions');
    const http = extensions.find(({ typeName }) => typeName === 'google.api.http');
    if (http === undefined) throw new Error('proto/base.binpb has no google.api.http');
    this.#http = http.number;
    this.#others = new Set(extensions.filter((each) => each !== http).map(({ number }) => number));
  }

  /** The options of a method. `undefined` where they may be wrong, or depend on types: then they are to be read with these. */
  optionsOf(method: ScannedMethod): LateOptions | undefined {
    const { bytes } = this.#set;
    const cursor = new FieldCursor(bytes, method.optionsStart, method.optionsStop);
    let declaredSafe = false;
    let rule: HttpRule | undefined;
    try {
      while (cursor.next()) {
        if (this.#others.has(cursor.number)) return undefined;
        if (cursor.number === IDEMPOTENCY) {
          declaredSafe = cursor.value === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
        } else if (cursor.number === this.#http) {
          if (rule !== undefined) return undefined;
          rule = ruleFromBytes(bytes, cursor.start, cursor.stop);
        }
      }
      if (rule === undefined) return { declaredSafe, patterns: [] };
      const rules = [rule, ...rule.additionalBindings];
      if (!rules.every((each) => each === rule || each.additionalBindings.length === 0)) return undefined;
      const patterns = rules.map((each) => patternOfRule(each));
      return rules.every((each, index) => this.#fits(each, patterns[index] as HttpPattern, method))
        ? { declaredSafe, patterns }
        : undefined;
    } catch {
      // Who reads it with the types tells what is wrong.
      return undefined;
    }
  }

  /** Whether `bindingsFromRule` is sure to find what the rule names. */
  #fits(
    { body, responseBody }: HttpRule,
    { template }: HttpPattern,
    { input, output }: ScannedMethod,
  ): boolean {
    if (body !== '' && body !== '*' && this.#field(input, body) === undefined) return false;
    if (responseBody !== '' && this.#field(output, responseBody) === undefined) return false;
    return parsePathTemplate(template).variables.every(({ field }) => this.#isVariable(input, field));
  }

  #isVariable(input: string, path: string): boolean {
    let message = input;
    let last: ScannedField | undefined;
    for (const name of path.split('.')) {
      if (last !== undefined && last.type !== FieldType.MESSAGE) return false;
      last = this.#field(message, name);
      if (last === undefined || last.label === Label.REPEATED) return false;
      message = last.typeName.slice(1);
    }
    if (last?.type === FieldType.GROUP) return false;
    return last?.type !== FieldType.MESSAGE || isTextMessage({ typeName: message });
  }

  #field(message: string, name: string): ScannedField | undefined {
    const type = this.#set.types.get(message);
    if (type === undefined) return undefined;
    const cursor = new FieldCursor(this.#set.bytes, type.start, type.stop);
    while (cursor.next()) {
      if (cursor.number !== 2 || this.#hasOtherName(cursor.inner(), name)) continue;
      const field = scannedField(this.#set.bytes, cursor);
      if (field.name === name) return field;
    }
    return undefined;
  }

  /** By the length of what comes first: most fields are another one. */
  #hasOtherName(field: FieldCursor, name: string): boolean {
    return field.next() && field.number === 1 && field.stop - field.start !== name.length;
  }
}
