import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { INamespace } from 'protobufjs';
import type { StreamingServiceDefinition } from '../../proto/types/streaming/StreamingService.js';
import type { MethodDefinition, ServiceDefinition } from './definition.js';
import type { MessageCodecs } from './message-codecs.js';

/**
 * The package's root: the nearest folder above this file that holds `proto/streaming.proto`. The same from source and from
 * `dist/` of an installed package. Throws when there is none.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'proto', 'streaming.proto'))) {
    const above = dirname(folder);
    if (above === folder)
      throw new Error('proto/streaming.proto is missing: the installation is not complete');
    folder = above;
  }
  return folder;
}

/** A service in `proto/services.json`, which `npm run generate` writes. */
interface KnownService {
  readonly methods: Readonly<
    Record<
      string,
      {
        readonly request: string;
        readonly response: string;
        readonly requestStream: boolean;
        readonly responseStream: boolean;
      }
    >
  >;
  readonly types: INamespace;
}

let services: Readonly<Record<string, KnownService>> | undefined;

/**
 * A service of proto/, for example `loadService('streaming.StreamingService')`: what its methods are. How their messages are read is loaded by
 * the first call. Throws for a service that the core does not have.
 */
export function loadService(name: string): ServiceDefinition {
  services ??= JSON.parse(readFileSync(join(packageRoot(), 'proto', 'services.json'), 'utf8')) as Record<
    string,
    KnownService
  >;
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service === undefined) throw new Error(`proto/services.json has no service ${name}`);
  let codecs: MessageCodecs | undefined;
  let loading: Promise<void> | undefined;
  const load = async (): Promise<void> => {
    const { openMessageCodecs } = await import('./message-codecs.js');
    codecs = openMessageCodecs(service.types);
  };
  const prepare = (): Promise<void> | undefined => {
    if (codecs !== undefined) return undefined;
    loading ??= load();
    return loading;
  };
  const loaded = (): MessageCodecs => {
    if (codecs === undefined) throw new Error(`${name} is used before it is prepared`);
    return codecs;
  };
  const methodOf = ([method, known]: [string, KnownService['methods'][string]]): [
    string,
    MethodDefinition,
  ] => [
    method,
    {
      path: `/${name}/${method}`,
      requestStream: known.requestStream,
      responseStream: known.responseStream,
      prepare,
      requestDeserialize: (bytes) => loaded().decode(known.request, bytes),
      responseSerialize: (value) => loaded().encode(known.response, value),
    },
  ];
  return Object.fromEntries(Object.entries(service.methods).map(methodOf));
}

/** The core service; its type comes from proto/types. */
export function streamingServiceDefinition(): StreamingServiceDefinition & ServiceDefinition {
  return loadService('streaming.StreamingService') as unknown as StreamingServiceDefinition &
    ServiceDefinition;
}
