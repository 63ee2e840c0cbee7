import t from 'tap';
import { RpcError, sharedError } from '../../../gateway/status/index.js';

t.test('the same words are the same error, and what is made of it is made once', (t) => {
  const error = sharedError('HOST_NOT_SERVED', 'host "a" is not served here');
  t.equal(sharedError('HOST_NOT_SERVED', 'host "a" is not served here'), error);
  let made = 0;
  const count = ({ message }: RpcError) => {
    made += 1;
    return { message };
  };
  t.equal(error.as(count), error.as(count));
  t.equal(made, 1);
  t.not(
    error.as(({ message }) => message),
    error.as(count),
    'another form is another one',
  );
  t.end();
});

t.test('another reason, text, problem or wait is another error', (t) => {
  const error = sharedError('RATE_LIMIT', 'too often', { retryAfterMs: 10 });
  const others = [
    sharedError('ADDRESS_LIMIT', 'too often', { retryAfterMs: 10 }),
    sharedError('RATE_LIMIT', 'too often!', { retryAfterMs: 10 }),
    sharedError('RATE_LIMIT', 'too often', { retryAfterMs: 11 }),
    sharedError('RATE_LIMIT', 'too often', { retryAfterMs: 10, problem: 'more' }),
  ];
  t.equal(new Set([error, ...others]).size, 5);
  t.strictSame(
    others.map(({ reason, message, retryAfterMs, problem }) => [reason, message, retryAfterMs, problem]),
    [
      ['ADDRESS_LIMIT', 'too often', 10, 'too often'],
      ['RATE_LIMIT', 'too often!', 10, 'too often!'],
      ['RATE_LIMIT', 'too often', 11, 'too often'],
      ['RATE_LIMIT', 'too often', 10, 'more'],
    ],
  );
  t.end();
});

t.test('so many different ones are kept, and no long one', (t) => {
  const first = sharedError('PATH_NOT_FOUND', 'path 0');
  for (let path = 1; path <= 1_000; path += 1) sharedError('PATH_NOT_FOUND', `path ${path}`);
  t.not(sharedError('PATH_NOT_FOUND', 'path 0'), first, 'it has made room');
  const long = 'x'.repeat(300);
  t.not(sharedError('PATH_NOT_FOUND', long), sharedError('PATH_NOT_FOUND', long));
  t.end();
});

t.test('an error has a stack where it is a defect, and none where a client is refused', (t) => {
  t.match(new RpcError('INTERNAL', 'broken').stack, /\n\s+at /);
  t.notMatch(new RpcError('RATE_LIMIT', 'too often').stack, /\n\s+at /);
  t.end();
});
