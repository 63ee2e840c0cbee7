/** The configuration file is wrong: one line that names the file, the line, the path in it, and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
