import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { Family } from './family.js';

/** Families as the Prometheus text format has them, and those of the process after them. The library is loaded with this module, at the first scrape. */
export function createMetricsText(families: readonly Family[]): () => Promise<string> {
  const own = new Registry();
  for (const family of families) own.registerMetric(asMetric(family));
  const all = Registry.merge([own, processMetrics()]);
  return () => all.metrics();
}

/** What a registry needs of a metric is only that it can be asked. */
function asMetric(family: Family): Metric {
  const { name, help, type } = family;
  return {
    name,
    get: async () => ({ name, help, type, values: [...family.samples()] }),
  } as unknown as Metric;
}

let ofProcess: Registry | undefined;

/** CPU, memory, event loop and garbage collection: one set a process, however many gateways it has, because nothing stops its observers. */
function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}
