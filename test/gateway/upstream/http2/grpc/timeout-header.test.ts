import t from 'tap';
import { formatGrpcTimeout } from '../../../../../gateway/upstream/http2/grpc/timeout-header.js';

t.test('a time is at most eight digits, rounded up to its unit, never zero', async (t) => {
  for (const [timeoutMs, wanted] of [
    [0, '1m'],
    [-5, '1m'],
    [0.2, '1m'],
    [1, '1m'],
    [99_999_999, '99999999m'],
    [100_000_000, '100000S'],
    [100_000_001, '100001S'],
    [2 ** 31 - 1, '2147484S'],
    [2 ** 31, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ] as const) {
    t.equal(formatGrpcTimeout(timeoutMs), wanted, `${timeoutMs}`);
  }
});
