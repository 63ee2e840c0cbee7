/**
 * The schema cannot be used: a file that cannot be read or parsed, an import that is nowhere, a service that is
 * asked for and not there. The text is one line for the operator; it names the file and says what to change.
 */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly code = 'GW_ERR_SCHEMA';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
