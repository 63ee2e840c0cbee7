// One server stream of gRPC, counted until the end of the window.
import { measureWindow } from '../measure.mjs';
import { openH2 } from './h2-client.mjs';

export async function loadGrpcReceive(config) {
  const { open, failed } = openH2(config.port);
  let count = 0;
  let fail;
  const ended = new Promise((_resolve, reject) => {
    fail = () => reject(new Error(`the stream ended after ${count} messages`));
  });
  const call = open(config.path, {
    onMessage: () => {
      count += 1;
    },
    onEnd: () => fail(),
  });
  call.write(Buffer.from(config.message, 'base64'), true);
  return await measureWindow({ ...config, failed: Promise.race([failed, ended]) }, () => count);
}
