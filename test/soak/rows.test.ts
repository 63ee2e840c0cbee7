import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { CROWD_BYTES, ORDINARY_BYTES } from '../../gateway/memory/index.js';
import { DEFAULT_LIMITS } from '../../gateway/options/index.js';
import { CROWDED_TEXT_BYTES, TEXT_BYTES } from '../../gateway/surfaces/message/encode-batch.js';
import { MOST_WATER_BYTES } from '../../gateway/upstream/http2/h2/send-queue.js';
import { resolveHttp2Options } from '../../gateway/upstream/http2/http2-options.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const rows = (await import(path('./bounds/rows.mjs'))) as {
  BOUNDS: Record<string, number>;
  SMALL: number;
  LARGE: number;
  down(size: number, around: number): number;
  sessionDown(size: number): number;
  up(size: number): number;
  upload(): number;
  rowsOf(counts: { readers: number; largeReaders: number }): readonly Row[];
};

interface Row {
  readonly name: string;
  readonly surface: string;
  readonly messageBytes: number;
  readonly readers: number;
  readonly each: number;
  readonly all: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const bounds = readFileSync(path('../../docs/bounds.md'), 'utf8');
/** What keeps messages for a client by its policy, or holds what a client sends. */
const OTHER = [
  'drop-oldest',
  'conflate',
  'ndjson-up',
  'connect-up',
  'grpc-up',
  'ws-text-up',
  'ws-binary-up',
  'upload',
  'session-up',
];

t.test('the rig computes with the bounds that the code has', async (t) => {
  const { readAheadBytes, windowBudgetBytes } = resolveHttp2Options({ target: 'localhost:1' });
  const { highWaterBytes, slowReaderBytes } = DEFAULT_LIMITS;
  t.match(rows.BOUNDS, {
    readAheadBytes,
    windowBudgetBytes,
    highWaterBytes,
    slowReaderBytes,
    textBytes: TEXT_BYTES,
    crowdedTextBytes: CROWDED_TEXT_BYTES,
    crowdBytes: CROWD_BYTES,
    ordinaryBytes: ORDINARY_BYTES,
    writtenBytes: MOST_WATER_BYTES,
  });
});

t.test('a thousand stalled readers are allowed 128 MiB, and one of large messages two copies', async (t) => {
  for (const row of rows.rowsOf({ readers: 1_000, largeReaders: 50 })) {
    if (OTHER.includes(row.surface)) continue;
    if (row.messageBytes === rows.SMALL)
      t.ok(row.readers * row.each + row.all <= 1_000 * 128 * KIB + 4 * MIB, row.name);
    else t.ok(row.each <= 2 * rows.LARGE + 160 * KIB, row.name);
  }
});

t.test('docs/bounds.md has the figures that follow from them', async (t) => {
  const kib = (bytes: number) => `${Math.round(bytes / KIB)} KiB`;
  const small = rows.down(rows.SMALL, 24);
  t.match(
    bounds,
    `at most ${kib(small)} for one stalled client, and ${kib(rows.sessionDown(rows.SMALL))} in a session`,
  );
  t.match(bounds, `with messages of 4 MB ${(rows.down(rows.LARGE, 24) / MIB).toFixed(1)} MiB`);
  t.match(bounds, `a stalled sender)              ${kib(small)}, or`);
  t.match(bounds, `and ${kib(rows.upload())}, or ${kib(rows.up(rows.SMALL))} + 2 M`);
});
