import type { DescExtension, DescField, DescMessage } from '@bufbuild/protobuf';

export type OptionMember = DescField | DescExtension;
export type OptionScalar = string | number | bigint | boolean | Uint8Array;
export type OptionItem = OptionScalar | OptionMessage;

/** What a field or an extension of options is set to. */
export interface OptionField {
  readonly member: OptionMember;
  value: OptionItem | OptionItem[] | Map<OptionScalar, OptionItem>;
}

/** A message that options make: which of its fields are set, and to what. */
export class OptionMessage {
  readonly desc: DescMessage;
  readonly #fields = new Map<number, OptionField>();

  constructor(desc: DescMessage) {
    this.desc = desc;
  }

  /** In the order of their numbers, as protobuf writes them. */
  fields(): readonly OptionField[] {
    const fields = [...this.#fields.values()];
    return fields.length < 2 ? fields : fields.sort((one, other) => one.member.number - other.member.number);
  }

  valueOf(member: OptionMember): OptionField['value'] | undefined {
    return this.#fields.get(member.number)?.value;
  }

  set(member: OptionMember, value: OptionField['value']): void {
    this.#fields.set(member.number, { member, value });
  }

  /** Another field of the oneof of a field that is set. */
  rivalOf(member: OptionMember): OptionMember | undefined {
    if (member.kind !== 'field' || member.oneof === undefined) return undefined;
    return member.oneof.fields.find((field) => field !== member && this.#fields.has(field.number));
  }
}
