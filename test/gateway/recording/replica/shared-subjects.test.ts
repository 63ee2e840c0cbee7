import t from 'tap';
import type { NatsLink } from '../../../../gateway/recording/replica/index.js';
import { SharedSubjects } from '../../../../gateway/recording/replica/shared-subjects.js';
import { stopClock } from '../../../support/clock.js';

t.test('a gateway that is busy is asked again whether its clients follow', async (t) => {
  const clock = stopClock(t);
  /** Each question takes half a second, of which the first `silent` are not answered. */
  const asked = (silent: number) => {
    let questions = 0;
    const ask = async () => {
      clock.pass(500);
      questions += 1;
      return questions > silent ? 'yes' : undefined;
    };
    return new SharedSubjects({ ask } as unknown as NatsLink).isFollowed('e');
  };
  t.equal(await asked(0), true);
  t.equal(await asked(4), true, 'it was busy for two seconds');
  t.equal(await asked(5), false, 'it is taken for dead by then');
});

t.test('NATS is not asked again at once where it says that nobody listens', async (t) => {
  let questions = 0;
  const ask = async () => {
    questions += 1;
    return undefined;
  };
  t.equal(await new SharedSubjects({ ask } as unknown as NatsLink).isFollowed('e'), false);
  // One in half a second, and timers may be early.
  t.ok(questions > 1 && questions <= 8, `${questions} questions`);
});
