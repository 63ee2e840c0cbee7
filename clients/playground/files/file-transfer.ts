/** A file on its way. */
export interface FileTransfer<Answer> {
  /** Resolves when it is over, or rejects with an Error that says what went wrong. */
  readonly done: Promise<Answer>;
  cancel(): void;
}

/** The text of an error of the gateway (PROTOCOL.md, section 4); undefined for what is none. */
export function problemOf(answer: unknown): string | undefined {
  const { error } = (answer ?? {}) as { error?: { status?: unknown; message?: unknown } };
  return error === undefined ? undefined : `${error.status}: ${error.message}`;
}
