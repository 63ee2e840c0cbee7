import type { OptionTable } from './option.js';

/** Where recordings lie, and how NATS is reached. */
export const JOURNAL_OPTIONS = {
  journal: {
    group: 'Recordings',
    type: 'text',
    value: 'memory|nats://HOST:PORT|tls://HOST:PORT',
    default: 'memory',
    help: 'where calls of methods with a rule for recordings are written down: the memory of this process, or NATS JetStream, which several gateways share (further servers of its cluster behind commas)',
  },
  /** JetStream takes 1 to 5; one server alone can keep one copy only. */
  journalReplicas: {
    group: 'Recordings',
    type: 'number',
    unit: 'servers',
    default: 1,
    min: 1,
    max: 5,
    help: 'how many servers of the cluster of --journal keep each recording, where the gateway makes stream and bucket: 3 outlive the loss of one',
  },
  journalUser: {
    group: 'Recordings',
    type: 'text',
    value: 'NAME',
    help: 'the user of --journal; needs --journal-password-file',
  },
  journalPasswordFile: {
    group: 'Recordings',
    type: 'text',
    value: 'FILE',
    help: 'the password of --journal-user, in the first line of a file that is read at each connection',
  },
  journalCredentials: {
    group: 'Recordings',
    type: 'text',
    value: 'FILE',
    help: 'credentials of NATS (a .creds file) for --journal, in place of a user; read at each connection',
  },
  journalCa: {
    group: 'Recordings',
    type: 'text',
    value: 'FILE',
    help: 'CA certificates to trust for --journal (PEM); implies TLS',
  },
} as const satisfies OptionTable;
