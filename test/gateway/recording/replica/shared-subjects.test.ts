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
