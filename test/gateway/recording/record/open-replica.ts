import type { Test } from 'tap';
import { NatsLink, Replicas } from '../../../../gateway/recording/replica/index.js';
import { fakeRecordings, type Told } from './fake-service.js';

/** A gateway of several, without its surfaces. */
export async function openReplica(
  t: Test,
  address: string,
  given: Parameters<typeof fakeRecordings>[0] = {},
  told?: Told,
) {
  const link = await NatsLink.open([address]);
  const replicas = await Replicas.open(link);
  const fake = fakeRecordings({ ...given, replicas }, told);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= replicas.close().then(() => fake.recordings.close());
    return closing;
  };
  t.teardown(close);
  /** The others hear nothing of it any more, and it says nothing of that. */
  const vanish = () => link.close();
  return { ...fake, replicas, close, vanish };
}
