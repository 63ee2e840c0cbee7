import fc from 'fast-check';
import t from 'tap';
import { Code } from '../../../gateway/status/index.js';
import {
  closeFromStatus,
  contentDisposition,
  cutReason,
  parseGrpcTimeout,
} from '../../../gateway/wire/index.js';

t.test('a close reason is cut to 123 bytes, never inside a character', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (reason) => {
      const cut = cutReason(reason);
      // U+FFFD is a character that a reason may have; only then it may be in what is left of it.
      const isWhole = reason.includes('\ufffd') || !cut.includes('\ufffd');
      return Buffer.byteLength(cut) <= 123 && reason.toWellFormed().startsWith(cut) && isWhole;
    }),
  );
  t.equal(Buffer.byteLength(cutReason('é'.repeat(100))), 122);
  const status = { message: 'no such file', details: [], trailers: [], truncated: false };
  t.same(closeFromStatus({ ...status, code: Code.NOT_FOUND }), {
    code: 4005,
    reason: 'NOT_FOUND: no such file',
  });
  t.same(closeFromStatus({ ...status, code: Code.OK }), { code: 1000, reason: '' });
});

t.test('timeouts are read by the gRPC form and rounded up', async (t) => {
  t.equal(parseGrpcTimeout('2S'), 2_000);
  t.equal(parseGrpcTimeout('500m'), 500);
  t.equal(parseGrpcTimeout('1n'), 1);
  t.equal(parseGrpcTimeout('0S'), 0);
  t.equal(parseGrpcTimeout('1500u'), 2);
  t.equal(parseGrpcTimeout('1H'), 3_600_000);
  t.equal(parseGrpcTimeout('3M'), 180_000);
  for (const bad of ['', '5', 'S', '-1S', '1.5S', '123456789S', '1s', '1S '])
    t.equal(parseGrpcTimeout(bad), undefined, bad);
});

t.test('a file name becomes a header that cannot be broken out of', async (t) => {
  t.equal(contentDisposition('a/b/report.pdf'), 'attachment; filename="report.pdf"');
  t.equal(contentDisposition(''), 'attachment');
  t.equal(contentDisposition('a/..'), 'attachment');
  t.equal(
    contentDisposition('x/naïve "q".txt'),
    'attachment; filename="na_ve _q_.txt"; filename*=UTF-8\'\'na%C3%AFve%20%22q%22.txt',
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (path) => /^[\x20-\x7e]*$/.test(contentDisposition(path))),
  );
});
