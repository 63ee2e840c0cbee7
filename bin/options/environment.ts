import { flagOf, nearest, variableOf } from '../../gateway/options/index.js';
import type { CommandTable } from './command-table.js';

/**
 * What Kubernetes sets in every container for a Service named `sluice` or `sluice-…`, after Docker's links: not settings of ours.
 * Source: Kubernetes documentation, "Accessing the Service", environment variables.
 */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_.+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
/** The one of them whose name a person could make up as well: SLUICE_PORT is `tcp://10.0.0.1:80` there. */
const LINK_URL = /^(tcp|udp|sctp):\/\//;

function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && LINK_URL.test(value));
}

/**
 * One line for each variable that looks like a setting and is none, with the one that was probably meant. The variables of all `tables`
 * count as known: one environment may serve several commands.
 */
export function unknownVariables(environment: NodeJS.ProcessEnv, tables: readonly CommandTable[]): string[] {
  const known = new Map(
    tables.flatMap((table) =>
      Object.entries(table)
        .filter(([, row]) => !row.lineOnly)
        .map(([name]) => [flagOf(name), variableOf(name)] as const),
    ),
  );
  const variables = new Set(known.values());
  return Object.entries(environment)
    .filter(([name]) => /^sluice_/i.test(name) && !variables.has(name))
    .filter(([name, value = '']) => !isServiceLink(name, value))
    .map(([name]) => {
      const given = name.slice('SLUICE_'.length);
      const meant = nearest(given, known.keys()) ?? withUnit(given, known.keys());
      return `there is no setting ${name}${meant === undefined ? '' : `, did you mean ${known.get(meant)}?`}`;
    })
    .sort();
}

/** The flag that has this name and something behind it, such as its unit. */
function withUnit(given: string, flags: Iterable<string>): string | undefined {
  const start = `${given.toLowerCase().replaceAll('_', '-')}-`;
  return [...flags].find((flag) => flag.startsWith(start));
}
