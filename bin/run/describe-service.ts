import { ContractDocuments, type DocumentName } from '../../gateway/contract/index.js';
import {
  assertAuthority,
  assertUpstreamAddress,
  openTransport,
  parseBasePath,
  type Schema,
  schemaFromReflection,
} from '../../gateway/index.js';
import { DEFAULT_LIMITS } from '../../gateway/options/index.js';
import { defined } from '../defined.js';
import { assertMetadataPairs, readMetadataPairs } from '../metadata-pairs.js';
import {
  assertTogether,
  type DESCRIBE_COMMAND,
  nameOf,
  type Settings,
  type TYPES_COMMAND,
} from '../options/index.js';
import { readNamed, readSchema } from '../schema-files.js';
import { assertBy } from './check-core.js';
import { readTls } from './sources.js';
import { writeTo } from './write-to.js';

/** What `sluice describe` is told of a service. */
export type DescribeSettings = Settings<typeof TYPES_COMMAND>;

/** What it writes. */
export type DescribeFormat = (typeof DESCRIBE_COMMAND)['format']['choices'][number];

/** How long a service has to describe itself, in milliseconds. */
const REFLECTION_MS = 30_000;

/** JSON for people, and for comparing one version with another. */
const INDENT = 2;

/**
 * A document of a service. Writes it to the file of `--output` and resolves with nothing, or resolves with it. Rejects with one clear line when there is
 * no schema; what of the schema cannot be used is a line each on the standard error.
 */
export async function describeService(
  settings: DescribeSettings,
  format: DescribeFormat,
  basePath = '',
): Promise<string | Uint8Array> {
  assertBy(settings, 'upstream', assertUpstreamAddress);
  assertBy(settings, 'upstreamAuthority', assertAuthority);
  assertBy(settings, 'reflectionMetadata', assertMetadataPairs);
  assertBy(settings, 'basePath', parseBasePath);
  assertTogether(settings);
  const schema = (await readSchema(settings)) ?? (await askService(settings));
  for (const problem of schema.problems)
    process.stderr.write(`left out: ${JSON.stringify(String(problem))}\n`);
  const documents = new ContractDocuments(schema, parseBasePath(basePath));
  const bytes = documents.make(documentOf(format), INDENT);
  return await writeTo(settings, bytes);
}

function documentOf(format: DescribeFormat): DocumentName {
  return format === 'openapi' ? 'openapi-3.1' : format;
}

/** The schema of a running service, by its server reflection. */
async function askService(settings: DescribeSettings): Promise<Schema> {
  const { upstream, upstreamAuthority, reflectionMetadata } = settings.values;
  const metadataSource = nameOf(settings, 'reflectionMetadata');
  const metadata = await readMetadataPairs(metadataSource, reflectionMetadata, readNamed);
  const tls = await readTls(settings);
  const transport = await openTransport('http2', {
    target: upstream,
    maxMessageBytes: DEFAULT_LIMITS.maxMessageBytes,
    ...defined({ authority: upstreamAuthority, tls }),
  });
  try {
    const signal = AbortSignal.timeout(REFLECTION_MS);
    return await schemaFromReflection(
      (path, ended, maxMessageBytes) => transport.open(path, { metadata, signal: ended, maxMessageBytes }),
      { signal },
    );
  } catch (cause) {
    throw new Error(`${upstream}: ${(cause as Error).message}`, { cause });
  } finally {
    await transport.close();
  }
}
