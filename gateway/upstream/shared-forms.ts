/** What all forms of one batch may take together, in bytes: what does not fit is made for each reader. */
export const SHARED_FORM_BYTES = 128 * 1024;

/** What makes the forms of the same messages equal: compared as they are. */
export interface FormKey {
  /** What a surface writes around each message. */
  readonly frame: object;
  /** What writes a message. */
  readonly codec: object;
  /** What is written around several that leave together. */
  readonly sealing: string;
}

/** Messages of a batch as they go to clients. */
export interface SharedForm extends FormKey {
  /** The index of its first message. */
  readonly from: number;
  /** The one after its last. */
  readonly to: number;
  /** Nobody writes here, or gives it back. */
  readonly bytes: Buffer;
  /** The id of the last message that has one. */
  readonly lastId: string | undefined;
}

/** The forms in which messages go to their readers, each made by the first who needs it. It lives as long as the batches of the same messages. */
export class SharedForms {
  readonly #forms: SharedForm[] = [];
  #bytes = 0;

  /** The one that begins with the message of this index. */
  find({ frame, codec, sealing }: FormKey, from: number): SharedForm | undefined {
    for (const form of this.#forms) {
      if (form.from === from && form.frame === frame && form.codec === codec && form.sealing === sealing)
        return form;
    }
    return undefined;
  }

  /** Keeps it for others, where there is room for it. */
  add(form: SharedForm): void {
    if (this.#bytes + form.bytes.length > SHARED_FORM_BYTES) return;
    this.#bytes += form.bytes.length;
    this.#forms.push(form);
  }
}
