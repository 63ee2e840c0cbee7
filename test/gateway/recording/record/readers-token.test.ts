import t from 'tap';
import type { CallToken } from '../../../../gateway/recording/index.js';
import { lateCall } from '../../../../gateway/recording/record/late-call.js';
import { ReadersToken } from '../../../../gateway/recording/record/readers-token.js';
import { Code, RpcError } from '../../../../gateway/status/index.js';
import { FakeCall, fakeMethods, fakeRecordings, settled } from './fake-service.js';

const tokenOf = (value: string, endsAt?: number): CallToken => ({
  value,
  endsAt,
  renew: () => `${value} now`,
});

t.test('the token of a recording is the one of its readers that ends last', async (t) => {
  const tokens = new ReadersToken(tokenOf('first', 100));
  const ofCall = tokens.ofCall();
  t.match(ofCall, { value: 'first', endsAt: 100 });
  t.equal(ofCall?.renew(), 'first now');
  tokens.offer(tokenOf('shorter', 50));
  t.equal(ofCall?.renew(), 'first now');
  tokens.offer(tokenOf('as long', 100));
  t.equal(ofCall?.renew(), 'as long now', 'of equal ones the newest');
  tokens.offer(tokenOf('endless'));
  tokens.offer(undefined);
  tokens.offer(tokenOf('longer', 1_000));
  t.equal(ofCall?.renew(), 'endless now');
  t.match(ofCall, { value: 'first', endsAt: undefined }, 'it stands in the metadata as it was');
  t.equal(new ReadersToken().ofCall(), undefined, 'what has none gets none');
});

t.test('readers of the same principal bring theirs, and others do not', async (t) => {
  const method = await fakeMethods(t);
  for (const sharing of ['principal', 'everyone'] as const) {
    const { recordings, calls, open } = fakeRecordings();
    t.teardown(() => recordings.close());
    const watch = method('Watch', { sharing, start: 'beginning', detach: true });
    const metadata = [['authorization', 'first']] as const;
    const opener = open(watch, { metadata, token: tokenOf('first', 100) });
    const { location } = (await opener.start) ?? {};
    const token = calls[0]?.request.token;
    t.equal(token?.renew(), 'first now');
    open(watch, { principal: 'q', token: tokenOf('of another') });
    await settled();
    t.equal(token?.renew(), 'first now');
    t.equal(calls.length, sharing === 'everyone' ? 1 : 2);
    open(watch, { token: tokenOf('second', 200) });
    t.equal(token?.renew(), 'second now', 'who shares the call');
    open(watch, { token: tokenOf('third', 300), location });
    t.equal(token?.renew(), 'third now', 'who joins it where it is');
  }
});

t.test(
  'a call that is opened late gets what was asked of it, in order, or ends as its opening did',
  async (t) => {
    const inner = new FakeCall({} as never);
    let open: (call: FakeCall) => void = () => {};
    const late = lateCall(
      new Promise((resolve) => {
        open = resolve;
      }),
    );
    void late.write([Buffer.from('a')]);
    void late.write([Buffer.from('b')]);
    late.halfClose();
    const reading = late.read();
    await settled();
    open(inner);
    inner.send(Buffer.from('x'));
    t.equal(Buffer.from((await reading)?.message(0) ?? []).toString(), 'x');
    t.equal(inner.sent.map(String).join(), 'a,b');
    t.ok(inner.isHalfClosed);
    t.same(await late.headers, [['x-from', 'service']]);
    late.cancel();
    t.equal((await late.status).code, Code.CANCELLED);
    const failed = lateCall(Promise.reject(new RpcError('CREDENTIAL_EXPIRED', 'ended')));
    t.equal(await failed.read(), undefined);
    t.equal(await failed.write([Buffer.from('a')]), false);
    t.match(await failed.status, { code: Code.UNAUTHENTICATED, reason: 'CREDENTIAL_EXPIRED' });
  },
);
