import { pino } from 'pino';
import t from 'tap';
import { type AccessLine, ANONYMOUS, credentialRefused } from '../../../gateway/security/index.js';
import { openAccessLog } from '../../../gateway/server/access-log.js';

const line = (refusal?: AccessLine['refusal']): AccessLine => ({
  requestId: 'one',
  peer: '192.0.2.1',
  method: undefined,
  principal: ANONYMOUS,
  shown: 'token',
  by: [],
  refusal,
});

t.test('what has had no line is told when the log is closed, and who is let in always has one', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const audit = openAccessLog(pino({}, { write: (text: string) => void lines.push(JSON.parse(text)) }));
  for (let n = 0; n < 1_000; n += 1) {
    audit.write(line(credentialRefused('a test')));
    audit.write(line());
  }
  const logged = lines.filter(({ decision }) => decision === 'refused').length;
  t.equal(lines.length - logged, 1_000);
  t.ok(logged >= 200 && logged < 500);
  audit.close();
  const { refused, ...told } = lines.at(-1) ?? {};
  t.match(told, { msg: 'access refused without a line', decision: 'refused', reason: 'CREDENTIAL_INVALID' });
  const before = lines.slice(0, -1).filter(({ decision }) => decision === 'refused');
  t.equal(before.reduce((sum, { refused = 1 }) => sum + Number(refused), 0) + Number(refused), 1_000);
  audit.close();
  t.equal(lines.at(-1)?.refused, refused, 'once');
  audit.write(line());
  t.match(lines.at(-1), { decision: 'admitted' }, 'what was still being decided has its line');
});
