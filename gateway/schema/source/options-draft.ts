import type { DescMessage } from '@bufbuild/protobuf';
import type { OptionMessage } from './option-message.js';
import type { NamePart, ProtoOptionValue } from './option-value.js';

/** An option that is not yet a value: its type may be an extension of another file. */
export interface PendingOption {
  readonly name: readonly NamePart[];
  readonly value: ProtoOptionValue;
  /** Where it is written. */
  readonly at: number;
}

/** The options of one element. */
export class OptionsDraft {
  /** Their type, for example google.protobuf.FieldOptions. */
  readonly desc: DescMessage;
  /** The full name of what declares the element: names are looked up from there outwards. */
  scope: string;
  readonly pending: PendingOption[] = [];
  /** What the options say that have been interpreted. */
  message: OptionMessage | undefined;

  constructor(desc: DescMessage, scope: string) {
    this.desc = desc;
    this.scope = scope;
  }
}

/** The options of an element of a draft, for which there is a place from then on even if they are empty. */
export function optionsOf(
  { optioned }: { readonly optioned: OptionsDraft[] },
  element: { options: OptionsDraft | undefined },
  desc: DescMessage,
  scope: string,
): OptionsDraft {
  if (element.options === undefined) {
    element.options = new OptionsDraft(desc, scope);
    optioned.push(element.options);
  }
  return element.options;
}
