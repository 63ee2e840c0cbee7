/** What the process was told is wrong; one line says what, and how to mend it. Exit code 2. */
export class SettingsError extends Error {
  override readonly name: string = 'SettingsError';
}

/** The command line is wrong, or the environment in its place: help is near. */
export class UsageError extends SettingsError {
  override readonly name = 'UsageError';
}
