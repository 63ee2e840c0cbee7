import { type Metrics, type OpenTraces, openTracing } from '../ops/index.js';
import { parseListen } from '../options/index.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';

/** "host:port" in the forms that a service may have, to what the conventions of OpenTelemetry ask for. */
const HOST_AND_PORT = /^(?:dns:(?:\/\/[^/]*\/)?|ipv[46]:)?(?:\[([^\]]*)\]|([^:,/]+)):(\d+)/;

/** What records traces, where somebody has asked for it. */
export async function openTraces(
  options: ResolvedGatewayOptions,
  counts: Metrics['spans'],
): Promise<OpenTraces | undefined> {
  if (options.tracing === undefined) return undefined;
  const { host, port } = parseListen(options.listen);
  const gateway = { 'server.address': host, ...(port > 0 && { 'server.port': port }) };
  return await openTracing(
    options.tracing,
    { gateway, service: serverOf(options.upstream) },
    counts,
    options.log,
  );
}

/** The attributes of the server that a target names. A socket has no port. */
export function serverOf(target: string): Readonly<Record<string, string | number>> {
  const [, inBrackets, host = inBrackets, port] = HOST_AND_PORT.exec(target) ?? [];
  if (host === undefined)
    return { 'server.address': target.replace(/^unix(?:-abstract)?:(?:\/\/(?=\/))?/, '') };
  return { 'server.address': host, 'server.port': Number(port) };
}
