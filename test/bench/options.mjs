// The command line of `npm run bench`.
import { parseArgs } from 'node:util';
import { CONNECT_INSTALL } from './contenders.mjs';

export const USAGE = `Usage: npm run bench -- [options]         (npm run build comes first)

Measures the gateway in dist/ over the loopback, against a bare grpc-js client (R), the gateway in
test/bench/hand-written, Go's grpc-gateway where Debian's packages for it are, and what else there is. Prints a table of
processor time and one of latency, with what is to be reached. test/bench/README.md explains both.

  --only NAME,...         only these rows or groups; --list shows the names
  --list                  the names
  --rounds N              how often everything is measured; the table has medians [3]
  --seconds N             length of one measurement [4]; half of it more to warm up
  --file-mib N            size of the file [1024]
  --quick                 a smoke test: one round of short measurements and a small file
  --peers DIR             also measure Connect for Node, installed there:
                          ${CONNECT_INSTALL}
  --gateway-args "..."    more options for the gateway
  --label NAME            what the table calls it [sluice]
  --variant NAME="..."    the same build once more, with these options (may be repeated)
  --also NAME=DIR         another checkout, built, in the same rounds (may be repeated)
  --skip NAME,...         contenders to leave out: hand-written, hand-written-window, connect, go, log-on,
                          constant-fastify, constant-node, file-pipe-64, file-pipe-256, body-null, body-socket, or the label
                          of a gateway; without go nothing is built, and another upstream answers unary calls
  --no-check              do not compare what the gateways print with @bufbuild/protobuf first
  --check-only            compare, and measure nothing
  --markdown              the table as Markdown
  --json FILE             every single result as JSON as well
  --from FILE,...         measure nothing; the table of what --json has written, in one run or several
  --documents DIR         write the tables into README.md and docs/performance.md of that folder as well
  --help                  this text
`;

const list = (text) => (text === undefined ? [] : text.split(',').filter((part) => part !== ''));
const words = (text) => text.split(/\s+/).filter((part) => part !== '');

function named(text, option) {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`${option} must look like NAME=..., not ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function positive(text, option) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${option} must be a number above 0, not ${text}`);
  return value;
}

/** `--gateway-args "--one 1"`: the parser refuses a value that begins with a dash unless it is joined with `=`. */
function joinGatewayArgs(argv) {
  const at = argv.indexOf('--gateway-args');
  if (at < 0 || at + 1 === argv.length) return argv;
  return [...argv.slice(0, at), `--gateway-args=${argv[at + 1]}`, ...argv.slice(at + 2)];
}

/** Throws an Error whose message says what is wrong with the line. */
export function parseOptions(argv) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const many = { type: 'string', multiple: true, default: [] };
  const { values } = parseArgs({
    args: joinGatewayArgs(argv),
    options: {
      only: text,
      list: flag,
      rounds: text,
      seconds: text,
      'file-mib': text,
      quick: flag,
      peers: text,
      'gateway-args': text,
      label: text,
      variant: many,
      also: many,
      skip: text,
      'no-check': flag,
      'check-only': flag,
      markdown: flag,
      json: text,
      from: text,
      documents: text,
      help: flag,
    },
  });
  const usual = values.quick
    ? { rounds: '1', seconds: '0.6', fileMib: '64' }
    : { rounds: '3', seconds: '4', fileMib: '1024' };
  return {
    only: list(values.only),
    list: values.list,
    rounds: Math.ceil(positive(values.rounds ?? usual.rounds, '--rounds')),
    seconds: positive(values.seconds ?? usual.seconds, '--seconds'),
    // Whole MiB: the file's chunks must come out even.
    fileMib: Math.ceil(positive(values['file-mib'] ?? usual.fileMib, '--file-mib')),
    peers: values.peers,
    gatewayArgs: words(values['gateway-args'] ?? ''),
    label: values.label ?? 'sluice',
    variants: values.variant.map((given) => {
      const [label, args] = named(given, '--variant');
      return { label, args: words(args) };
    }),
    also: values.also.map((given) => {
      const [label, checkout] = named(given, '--also');
      return { label, checkout };
    }),
    skip: list(values.skip),
    check: !values['no-check'],
    checkOnly: values['check-only'],
    quick: values.quick,
    markdown: values.markdown,
    json: values.json,
    from: list(values.from),
    documents: values.documents,
    help: values.help,
  };
}
