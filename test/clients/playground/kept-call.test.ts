import t from 'tap';
import { createDetachedCalls } from '../../../clients/playground/detached/detached-calls.js';
import { createCallKeeper, type KeptCall } from '../../../clients/playground/detached/kept-call.js';

function memory() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

const CALL: KeptCall = {
  path: '/a.B/C',
  request: '{"a":1}',
  detach: true,
  hadHeaders: false,
  hadSecrets: false,
  location: '',
  cursor: '',
  key: 'k',
};

t.test('the call that runs is found in the next visit, where the page was, and not once it is over', (t) => {
  const storage = memory();
  let isLeaving = false;
  const keeper = createCallKeeper(storage, () => isLeaving);
  t.equal(keeper.found, undefined);
  keeper.moved('1');
  t.equal(storage.kept.size, 0, 'what is not kept has no place');
  keeper.begin(CALL);
  keeper.moved('7');
  keeper.moved('');
  keeper.located('/_sluice/calls/x');
  isLeaving = true;
  keeper.ended();
  const next = createCallKeeper(storage, () => false);
  t.same(next.found, { ...CALL, cursor: '7', location: '/_sluice/calls/x' });
  next.begin({ ...CALL, cursor: '7' });
  next.ended();
  t.equal(createCallKeeper(storage, () => false).found, undefined);
  next.begin({ ...CALL, request: 'x'.repeat(200_000) });
  t.equal(storage.kept.size, 0, 'what is too large is not kept');
  t.end();
});

t.test('a storage that is odd, full or forbidden harms nothing', (t) => {
  const storage = memory();
  for (const odd of ['', 'x', 'null', '1', '[]', '{}', '{"path":1}', '{"path":"/a","request":1}']) {
    storage.kept.set('sluice.call.1', odd);
    storage.kept.set('sluice.detached.1', odd);
    t.equal(createCallKeeper(storage, () => false).found, undefined, odd);
    t.same(createDetachedCalls(storage).calls, [], odd);
  }
  const full = {
    getItem: () => {
      throw new Error('forbidden');
    },
    setItem: () => {
      throw new Error('full');
    },
    removeItem: () => {
      throw new Error('forbidden');
    },
  };
  for (const storage of [full, undefined]) {
    const keeper = createCallKeeper(storage, () => false);
    keeper.begin(CALL);
    keeper.moved('1');
    keeper.ended();
    const calls = createDetachedCalls(storage);
    calls.add({ path: '/a.B/C', location: '/_sluice/calls/x', atMs: 1 });
    t.equal(calls.calls.length, 1, 'known as long as the page is open');
  }
  t.end();
});

t.test('detached calls are remembered, the newest first, and not without bound', (t) => {
  const storage = memory();
  const calls = createDetachedCalls(storage);
  for (let at = 0; at < 30; at += 1)
    calls.add({ path: '/a.B/C', location: `/_sluice/calls/${at}`, atMs: at });
  calls.add({ path: '/a.B/C', location: '/_sluice/calls/29', atMs: 99 });
  t.equal(calls.calls.length, 20);
  t.same(calls.calls[0], { path: '/a.B/C', location: '/_sluice/calls/29', atMs: 29 });
  calls.remove('/_sluice/calls/29');
  t.equal(createDetachedCalls(storage).calls[0]?.location, '/_sluice/calls/28');
  t.end();
});
