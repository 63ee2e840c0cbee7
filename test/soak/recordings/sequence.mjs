// What one reader has had of a stream, and whether each message was the one behind the last, or behind a gap that was told.
const ID = /^~([\w-]{22})\.(\d+)$/;

export class Sequence {
  /** The id to come back with. */
  last;
  messages = 0;
  gaps = 0;
  faults = [];
  /** Of the newest message. */
  #number = 0;

  /** `id`: of the event; `number`: of the message itself, which is where it stands at the service. */
  message(id, number) {
    this.messages += 1;
    const recorded = ID.exec(id);
    if (recorded !== null && Number(recorded[2]) !== number) this.#fault(`${id} is message ${number}`);
    // A place in the recording of a method with cursors says nothing of the next cursor.
    const isElsewhere = recorded === null && ID.test(this.last);
    const isRight = isElsewhere ? number > this.#number : follows(this.last, id);
    if (this.last !== undefined && !isRight) this.#fault(`${id} behind ${this.last}, ${this.#number}`);
    this.last = id;
    this.#number = number;
  }

  gap({ requested, resumed }) {
    this.gaps += 1;
    const [had, from, to] = [this.last, requested, resumed].map((id) => ID.exec(id));
    const isBeginning = this.last === undefined && from?.[2] === '0';
    const isPlace = this.last !== undefined && had === null && from !== null;
    if (requested !== this.last && !isBeginning && !isPlace)
      this.#fault(`a gap from ${requested} behind ${this.last}`);
    if (from !== null && to !== null && from[1] === to[1] && Number(to[2]) <= Number(from[2]))
      this.#fault(`no gap from ${requested} to ${resumed}`);
    this.last = resumed;
  }

  /** The whole call is over: the next one is another. */
  end() {
    this.last = undefined;
  }

  #fault(text) {
    this.faults.push(text);
  }
}

function follows(last, id) {
  const [before, now] = [ID.exec(last), ID.exec(id)];
  if (before === null || now === null) return Number(id) === Number(last) + 1;
  return before[1] === now[1] && Number(now[2]) === Number(before[2]) + 1;
}
