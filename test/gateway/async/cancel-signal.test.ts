import t from 'tap';
import { CancelSource } from '../../../gateway/async/cancel-signal.js';

t.test('every listener hears once, in order, and only the first reason counts', (t) => {
  const source = new CancelSource();
  const heard: string[] = [];
  const first = () => heard.push(`first ${source.reason}`);
  const removed = () => heard.push('removed');
  source.addEventListener('abort', first);
  source.addEventListener('abort', first);
  source.addEventListener('abort', removed);
  source.addEventListener('abort', () => {
    heard.push('second');
    source.abort('again');
  });
  source.removeEventListener('abort', removed);
  source.removeEventListener('abort', removed);
  t.notOk(source.aborted);
  source.abort('left');
  source.abort('draining');
  t.ok(source.aborted);
  t.equal(source.reason, 'left');
  t.same(heard, ['first left', 'second']);
  source.addEventListener('abort', () => heard.push('late'));
  t.same(heard, ['first left', 'second']);
  t.end();
});
