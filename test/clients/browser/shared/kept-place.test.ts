import t, { type Test } from 'tap';
import { keepingPlace, openKeptPlace } from '../../../../clients/browser/shared/kept-place.js';

/** Puts a storage in the place of that of a page. */
function useStorage(t: Test, storage: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'sessionStorage');
  Object.defineProperty(globalThis, 'sessionStorage', {
    configurable: true,
    get() {
      if (storage instanceof Error) throw storage;
      return storage;
    },
  });
  t.teardown(() => {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'sessionStorage');
    else Object.defineProperty(globalThis, 'sessionStorage', before);
  });
}

function memoryStorage(kept = new Map<string, string>()) {
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

const NOWHERE = { cursor: '', location: '' };
const placeOf = ({ cursor, location }: { cursor: string; location: string }) => ({ cursor, location });

t.test('a place is there for the same stream, and for no other', async (t) => {
  const storage = memoryStorage();
  useStorage(t, storage);
  const place = openKeptPlace('a', 'pkg.S/M {"secret":"s3cret"}');
  t.same(placeOf(place), NOWHERE);
  place.keep({ location: '/_sluice/calls/x' });
  place.keep({ cursor: '7' });
  t.same(placeOf(openKeptPlace('a', 'pkg.S/M {"secret":"s3cret"}')), {
    cursor: '7',
    location: '/_sluice/calls/x',
  });
  t.same(placeOf(openKeptPlace('a', 'pkg.S/M {"secret":"other"}')), NOWHERE, 'another request');
  t.same(placeOf(openKeptPlace('b', 'pkg.S/M {"secret":"s3cret"}')), NOWHERE, 'another name');
  t.same([...storage.kept.keys()], ['sluice:a']);
  t.notMatch(storage.kept.get('sluice:a'), /s3cret|pkg/, 'nothing of the request');
  place.forget();
  t.equal(storage.kept.size, 0);
});

t.test('what somebody else has written there is nothing', async (t) => {
  const storage = memoryStorage();
  useStorage(t, storage);
  for (const text of [
    '',
    'null',
    '1',
    '{}',
    '{"0":"a"}',
    '[]',
    '[1]',
    '["2166136261"]',
    '[null,null,null]',
    '{',
    '"a"',
  ]) {
    storage.kept.set('sluice:a', text);
    t.same(placeOf(openKeptPlace('a', '')), NOWHERE, text);
  }
});

t.test('without a storage nothing is kept, and nothing fails', async (t) => {
  const refuse = () => {
    throw new Error('QuotaExceededError');
  };
  for (const storage of [
    undefined,
    new Error('SecurityError'),
    { ...memoryStorage(), setItem: refuse, removeItem: refuse },
  ]) {
    await t.test(String(storage), async (t) => {
      useStorage(t, storage);
      const place = openKeptPlace('a', 'what');
      place.keep({ cursor: '1' });
      place.forget();
      t.equal(place.cursor, '1', 'in this page it is known');
      t.same(placeOf(openKeptPlace('a', 'what')), NOWHERE);
    });
  }
});

t.test('what the page is done with is kept: at the next message, and when it leaves', async (t) => {
  const storage = memoryStorage();
  useStorage(t, storage);
  let cursor = '';
  async function* numbers() {
    for (const number of [1, 2, 3]) {
      cursor = String(number);
      yield number;
    }
  }
  const follow = () => keepingPlace(openKeptPlace('a', ''), numbers(), () => cursor);
  const kept = () => openKeptPlace('a', '').cursor;
  const messages = follow();
  await messages.next();
  t.equal(kept(), '', 'the first is in work');
  await messages.next();
  t.equal(kept(), '1');
  await messages.return?.();
  t.equal(kept(), '2', 'leaving is being done');
  await messages.next();
  t.equal(kept(), '2', 'and no end of the stream');
  for await (const _ of follow());
  t.equal(kept(), '~end');
});
