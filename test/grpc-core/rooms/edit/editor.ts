import {
  applyOperation,
  emptyText,
  type Operation,
  type RichText,
  singleRangeSteps,
  transform,
} from '../../../../grpc-core/rooms/edit/index.js';
import type { RoomHandlers } from '../../../../grpc-core/rooms/index.js';
import type { DocumentUpdate } from '../../../../proto/types/streaming/DocumentUpdate.js';
import type {
  EditOperation,
  EditOperation__Output,
} from '../../../../proto/types/streaming/EditOperation.js';
import { Conversation } from '../conversation.js';

export const blank: EditOperation__Output = {
  user_id: 'alice',
  document_id: 'doc',
  operation_type: '',
  position: 0,
  content: '',
  operation_id: '',
  length: 0,
};

export function operationFromMessage(message: EditOperation): Operation {
  const { position = 0, length = 0, content = '' } = message;
  const ranges = length === 0 ? [] : [{ start: position, end: position + length }];
  switch (message.operation_type) {
    case 'INSERT':
      return { kind: 'INSERT', position, text: content };
    case 'DELETE':
      return { kind: 'DELETE', ranges };
    default:
      return { kind: 'FORMAT', ranges, format: content };
  }
}

export function textFromUpdate(update: DocumentUpdate): RichText {
  const formats = (update.formats ?? []).map(({ position = 0, length = 0, format = '' }) => ({
    start: position,
    end: position + length,
    format,
  }));
  return { content: update.content ?? '', formats };
}

/**
 * An editor as a page would have it: what it types shows at once, one operation is under way, the rest waits and is
 * transformed against what comes in. Throws when an update is not what the operation in it makes of the document.
 */
export class Editor {
  readonly conversation: Conversation<EditOperation__Output, DocumentUpdate>;
  readonly #user: string;
  #joined = false;
  revision = 0;
  #text: RichText = emptyText;
  #underWay: { readonly id: string; operation: Operation } | undefined;
  #waiting: Operation[] = [];
  #sent = 0;

  constructor(rooms: RoomHandlers, user: string) {
    this.#user = user;
    this.conversation = new Conversation(rooms.handlers.CollaborativeEdit);
    this.conversation.send({ ...blank, user_id: user });
  }

  get settled(): boolean {
    return this.#joined && this.#underWay === undefined && this.#waiting.length === 0;
  }

  /** What the page shows. */
  get text(): RichText {
    const pending = this.#underWay === undefined ? [] : [this.#underWay.operation];
    return [...pending, ...this.#waiting].reduce(applyOperation, this.#text);
  }

  edit(operation: Operation): void {
    this.#waiting.push(operation);
    this.#flush();
  }

  async receive(): Promise<void> {
    const update = await this.conversation.next();
    if (!this.#joined) {
      this.#joined = true;
      this.#text = textFromUpdate(update);
      this.revision = update.revision ?? 0;
      if (update.operation !== null) throw new Error('the first update has an operation');
      this.#flush();
      return;
    }
    if (update.operation == null) throw new Error('an update without an operation');
    if (update.revision !== this.revision + 1) {
      throw new Error(`revision ${update.revision} after ${this.revision}`);
    }
    this.revision = update.revision;
    const operation = operationFromMessage(update.operation);
    this.#text = applyOperation(this.#text, operation);
    if (JSON.stringify(this.#text) !== JSON.stringify(textFromUpdate(update))) {
      throw new Error(`revision ${this.revision} is not what its operation makes`);
    }
    if (update.operation.user_id === this.#user && update.operation.operation_id === this.#underWay?.id) {
      this.#acknowledge(operation);
    } else {
      this.#transformPending(operation);
    }
  }

  #acknowledge(operation: Operation): void {
    const underWay = this.#underWay;
    if (underWay === undefined) return;
    // An operation that was split comes back in parts: what has come is taken off.
    if (operation.kind !== 'INSERT') {
      const rest = transform(underWay.operation, operation, 'earlier');
      if (rest.kind !== 'INSERT' && rest.ranges.length > 0) {
        underWay.operation = rest;
        return;
      }
    }
    this.#underWay = undefined;
    this.#flush();
  }

  #transformPending(operation: Operation): void {
    let theirs = operation;
    if (this.#underWay !== undefined) {
      const mine = this.#underWay.operation;
      this.#underWay.operation = transform(mine, theirs, 'later');
      theirs = transform(theirs, mine, 'earlier');
    }
    this.#waiting = this.#waiting.map((mine) => {
      const next = transform(mine, theirs, 'later');
      theirs = transform(theirs, mine, 'earlier');
      return next;
    });
  }

  #flush(): void {
    if (!this.#joined || this.#underWay !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    const [step = next, ...others] = singleRangeSteps(next);
    this.#waiting.unshift(...others);
    if (step.kind !== 'INSERT' && step.ranges.length === 0) {
      this.#flush();
      return;
    }
    const id = `op-${++this.#sent}`;
    this.#underWay = { id, operation: step };
    this.conversation.send({
      ...blank,
      user_id: this.#user,
      operation_type: step.kind,
      ...rangeOf(step),
      base_revision: this.revision,
      operation_id: id,
    });
  }
}

function rangeOf(operation: Operation): { position: number; length: number; content: string } {
  if (operation.kind === 'INSERT')
    return { position: operation.position, length: 0, content: operation.text };
  const { start, end } = operation.ranges[0] ?? { start: 0, end: 0 };
  return {
    position: start,
    length: end - start,
    content: operation.kind === 'FORMAT' ? operation.format : '',
  };
}
