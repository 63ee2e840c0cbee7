export {
  cutConnection,
  endConnection,
  hasTaken,
  isOpenEnded,
  noteOpenEnded,
  resetWhenTaken,
} from './connection-end.js';
export { watchDelivery } from './delivery-watch.js';
export { startHeartbeat } from './heartbeat.js';
export { cutRequest, cutStream, endRequest, streamOf, watchRequest } from './http-stream.js';
export { watchPeer } from './peer-watch.js';
export { emptyAgain, isFilling, stopReading } from './stop-reading.js';
