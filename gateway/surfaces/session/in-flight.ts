import { Alarm } from '../../async/index.js';

/** What may be in flight at least, in bytes: two turns of a call. Less has the client wait for the gateway. */
const LEAST_BYTES = 16 * 1024;
/** How long the bound holds after a call has begun beside another, in milliseconds, so that the next one has a short way as well. */
const HOLDS_MS = 10_000;
/** How long a client is waited for that has not answered a ping yet, in milliseconds: it may never do. */
const FIRST_PATIENCE_MS = 250;
/** And one that has: by then it is late by more than any stream is worth to wait for. */
const PATIENCE_MS = 5_000;
/** How long the shortest round trip is believed, in milliseconds: the client's way may become another. As in BBR. */
const BELIEVED_MS = 10_000;
/** What is left of a speed with each answer that shows a lower one: most of it within ten round trips, and little a moment after a client slows down. */
const KEPT_SPEED = 63 / 64;
/** What may be in flight has so many pings: with fewer, a stream waits for an answer between them. */
const PINGS = 4;
/** And each stands for so many bytes at least: an answer costs a wake-up. */
const LEAST_PINGED_BYTES = 8 * 1024;
/** Pings that are not answered, at most: a client may answer none. */
const MOST_PINGS = 8;

/** A ping that is not answered. Positions are numbers of bytes since the first of the session. */
interface Ping {
  readonly sent: number;
  readonly at: number;
  /** What had arrived when it was sent, and when. */
  readonly arrived: number;
  readonly arrivedAt: number;
}

/**
 * Bounds what is in flight to the client of a session whose calls run beside each other. A small answer waits for all that a saturating stream has put
 * into the sockets of both sides before it: megabytes, where the client has granted them. With the bound that is what arrives within two of the
 * shortest round trips: enough for the whole speed of the connection, and as long as one round trip more for who waits. The idea is that of BBR
 * (draft-cardwell-iccrg-bbr-congestion-control), over the client and not only its network.
 *
 * What has arrived is what the client has answered of the gateway's pings, as every WebSocket client does at once and in order (RFC 6455 section 5.5.3).
 * One that does not is not bounded. Neither is a session with one call: it gets no pings.
 */
export class InFlight {
  readonly #ping: (position: number) => void;
  readonly #onRoom: () => void;
  readonly #alarm: Alarm;
  #holdsUntil = Number.NEGATIVE_INFINITY;
  #sent = 0;
  #arrived = 0;
  #arrivedAt = 0;
  #pingedAt = 0;
  /** In order. */
  readonly #pings: Ping[] = [];
  #patienceMs = FIRST_PATIENCE_MS;
  #most = LEAST_BYTES;
  /** The shortest round trip, in milliseconds, and the speed, in bytes a millisecond. */
  #shortestMs = Number.POSITIVE_INFINITY;
  #speed = 0;
  /** What is sent from here on finds a short way, and is measured: the time before, only the least was in flight. */
  #measuredFrom = 0;
  #measuredAt = 0;
  /** What may be in flight again when that is done. */
  #before = 0;

  /** `ping` sends one that carries a position, `onRoom` hears that a call may have become admitted. To be closed with the session. */
  constructor(ping: (position: number) => void, onRoom: () => void) {
    this.#ping = ping;
    this.#onRoom = onRoom;
    this.#alarm = new Alarm({ onAlarm: onRoom });
  }

  /** Bytes that have been sent. */
  get position(): number {
    return this.#sent;
  }

  /** A call has begun beside another. */
  begin(): void {
    const now = performance.now();
    const wasBound = now < this.#holdsUntil;
    this.#holdsUntil = now + HOLDS_MS;
    if (wasBound) return;
    // Nobody knows what has arrived of that. The first ping lies behind it.
    this.#arrived = this.#sent;
    this.#arrivedAt = now;
    this.#pings.length = 0;
    this.#measureAnew(0, now);
    this.#send(now);
  }

  /** So many bytes have been written to the client. */
  sent(bytes: number): void {
    this.#sent += bytes;
    const isDue = this.#sent - this.#pingedAt >= Math.max(this.#most / PINGS, LEAST_PINGED_BYTES);
    if (!isDue || this.#pings.length === MOST_PINGS) return;
    const now = performance.now();
    if (now < this.#holdsUntil) this.#send(now);
  }

  /**
   * Whether a call may write that has last written up to a position. While too much is in flight only one may of which nothing is, and that only up to
   * twice the bound. `onRoom` is called when a call that may not should ask again.
   */
  admits(wroteTo: number): boolean {
    const inFlight = this.#sent - this.#arrived;
    if (inFlight < this.#most || (wroteTo <= this.#arrived && inFlight < 2 * this.#most)) return true;
    const oldest = this.#pings[0];
    const now = performance.now();
    if (oldest === undefined || now >= this.#holdsUntil) return true;
    const waitMs = oldest.at + this.#patienceMs - now;
    if (waitMs <= 0) {
      // One that has never answered is not waited for again until it does.
      if (this.#patienceMs === FIRST_PATIENCE_MS) this.#patienceMs = 0;
      return true;
    }
    if (!this.#alarm.isSet) this.#alarm.set(waitMs);
    return false;
  }

  /** The client has answered the ping of a position, and has all that lies before it. What was never asked is passed over. */
  arrived(position: number): void {
    const index = this.#pings.findIndex(({ sent }) => sent === position);
    if (index === -1) return;
    const ping = this.#pings[index] as Ping;
    this.#pings.splice(0, index + 1);
    const now = performance.now();
    this.#arrived = position;
    this.#arrivedAt = now;
    this.#patienceMs = PATIENCE_MS;
    this.#alarm.clear();
    if (now - this.#measuredAt > BELIEVED_MS) this.#measureAnew(this.#most, now);
    else if (position > this.#measuredFrom) this.#measure(ping, now);
    this.#onRoom();
  }

  close(): void {
    this.#alarm.clear();
  }

  #measureAnew(before: number, now: number): void {
    this.#shortestMs = Number.POSITIVE_INFINITY;
    this.#speed = 0;
    this.#measuredFrom = this.#sent;
    this.#measuredAt = now;
    this.#before = before;
    this.#most = LEAST_BYTES;
  }

  #measure({ sent, at, arrived, arrivedAt }: Ping, now: number): void {
    this.#shortestMs = Math.min(this.#shortestMs, now - at);
    // Since the answer before: several that have waited for us come at once, and would seem to have been fast.
    const tookMs = now - arrivedAt;
    // Not the last one: where the client's own uploads hold its answers up, each would be slower than the one before.
    if (tookMs > 0) this.#speed = Math.max(KEPT_SPEED * this.#speed, (sent - arrived) / tookMs);
    this.#most = Math.max(LEAST_BYTES, this.#before, 2 * this.#speed * this.#shortestMs);
    this.#before = 0;
  }

  #send(now: number): void {
    this.#pings.push({ sent: this.#sent, at: now, arrived: this.#arrived, arrivedAt: this.#arrivedAt });
    this.#pingedAt = this.#sent;
    this.#ping(this.#sent);
  }
}
