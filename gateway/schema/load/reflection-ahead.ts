import type { ReflectionQuestion } from './reflection-call.js';
import type { ReflectionClient } from './reflection-client.js';

/** Questions asked together at first. Where each brought something, twice as many are next. */
const FIRST_QUESTIONS = 4;
const MOST_QUESTIONS = 32;
/** Characters of questions asked together: so few that a server which does not read while it writes still takes them all. */
const MOST_CHARS = 8 * 1024;

/**
 * Walks along a list and asks for what comes next in it together with what is asked now: a start waits for a few round trips, and not for one after each name.
 * A server may send everything with the first answer; then what was asked with it was in vain, and the walk goes on one by one.
 */
export class ReflectionAhead {
  readonly #client: ReflectionClient;
  #size = FIRST_QUESTIONS;
  /** Up to here the list has been looked at. */
  #until = 0;
  #asked: readonly ReflectionQuestion[] = [];

  constructor(client: ReflectionClient) {
    this.#client = client;
  }

  /** To be called with each place in turn; `questionOf` has none for what is known by now. Throws as `askAhead` does. */
  reach<Element>(
    at: number,
    list: readonly Element[],
    questionOf: (element: Element) => ReflectionQuestion | undefined,
  ): Promise<void> | undefined {
    if (at < this.#until) return undefined;
    const unused = this.#client.forgetAhead(this.#asked);
    if (unused > 0) this.#size = 1;
    else if (this.#asked.length > 0 || this.#size === 1)
      this.#size = Math.min(2 * this.#size, MOST_QUESTIONS);
    const most = Math.min(this.#size, this.#client.roomAhead);
    const questions = new Map<string, ReflectionQuestion>();
    let chars = 0;
    for (this.#until = at; this.#until < list.length && questions.size < most; this.#until += 1) {
      const question = questionOf(list[this.#until] as Element);
      if (question === undefined) continue;
      const text = JSON.stringify(question);
      chars += text.length;
      if (chars > MOST_CHARS) break;
      questions.set(text, question);
    }
    this.#asked = questions.size > 1 ? [...questions.values()] : [];
    return this.#asked.length > 0 ? this.#client.askAhead(this.#asked) : undefined;
  }
}
