import t from 'tap';
import { PortStates } from '../../../../gateway/surfaces/liveness/port-states.js';
import {
  ALL_TAKEN,
  addRows,
  ORPHAN,
  PEER_FIN,
  UNANSWERED,
} from '../../../../gateway/surfaces/liveness/tcp-rows.js';

// As Linux 5.10 writes them.
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n';
const HEAD_6 =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (rest: string, sl = '   0') => `${sl}: ${rest}\n`;

const ROWS: [what: string, line: string, flags: number][] = [
  [
    'quiet',
    row(
      '0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 22001 1 0000000000000000 20 4 30 10 -1                  ',
    ),
    ALL_TAKEN,
  ],
  [
    'its peer has sent a FIN, and something waits',
    row(
      '0100007F:1F90 0100007F:D431 08 000003E8:00000001 01:00000014 00000001     0        0 22001 2 0000000000000000 20 4 30 10 -1',
      '12345',
    ),
    PEER_FIN,
  ],
  [
    'nobody holds it',
    row(
      '0100007F:1F90 0100007F:D431 05 00000000:00000000 00:00000000 00000000     0        0 0 2 0000000000000000',
    ),
    ORPHAN | ALL_TAKEN,
  ],
  [
    'sent twice again',
    row(
      '0100007F:1F90 0100007F:D431 01 00000010:00000000 01:00000014 00000002     0        0 22001 2 0000000000000000',
    ),
    UNANSWERED,
  ],
  [
    'a closed window probed often',
    row(
      '0100007F:1F90 0100007F:D431 01 00000010:00000000 04:00000014 00000000     0       12 22001 2 0000000000000000',
    ),
    UNANSWERED,
  ],
  [
    'keepalive, which is no retransmission',
    row(
      '0100007F:1F90 0100007F:D431 01 00000000:00000000 02:00000014 00000003     0        3 22001 2 0000000000000000',
    ),
    ALL_TAKEN,
  ],
  [
    'IPv6',
    row(
      '0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:D431 08 00000000:00000000 00:00000000 00000000     0        0 22001 1 0000000000000000 20 4 30 10 -1',
    ),
    PEER_FIN | ALL_TAKEN,
  ],
];

for (const [what, line, flags] of ROWS) {
  t.test(`a line of the kernel's table: ${what}`, async (t) => {
    const states = new PortStates();
    const bytes = Buffer.from(HEAD + HEAD_6 + line);
    t.equal(addRows(bytes, bytes.length, states), bytes.length);
    t.equal(states.get(0x1f90, 0xd431), flags);
    t.equal(states.get(0xd431, 0x1f90), undefined);
  });
}

t.test('a line that is not whole yet waits for its rest, and one that is cut short is none', async (t) => {
  const [, line] = ROWS[0] as (typeof ROWS)[number];
  const whole = Buffer.from(line);
  for (let end = 0; end < whole.length; end += 1) {
    const states = new PortStates();
    t.equal(addRows(whole, end, states), 0);
    t.equal(states.get(0x1f90, 0xd431), undefined);
  }
  const states = new PortStates();
  const cut = Buffer.from(`${line.slice(0, 80)}\n\n`);
  t.equal(addRows(cut, cut.length, states), cut.length);
  t.equal(states.get(0x1f90, 0xd431), undefined);
});
