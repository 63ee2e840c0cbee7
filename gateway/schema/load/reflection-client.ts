import type { DescMessage } from '@bufbuild/protobuf';
import { Code, RpcError } from '../../status/index.js';
import { baseFiles } from '../base/index.js';
import { SchemaError } from '../problem/index.js';
import {
  type ReflectionAnswer,
  ReflectionBound,
  type ReflectionBudget,
  ReflectionHungUp,
  type ReflectionOpen,
  type ReflectionQuestion,
  ReflectionStream,
} from './reflection-call.js';

export interface ReflectionClientOptions {
  readonly signal: AbortSignal;
  readonly budget: ReflectionBudget;
  /** How many questions may be asked. */
  readonly maxQuestions: number;
  /** How long a single answer may take, in milliseconds, once the server has answered anything. */
  readonly answerMs: number;
  /** How long the first one may take. */
  readonly firstAnswerMs: number;
  /** How long questions may be asked, in milliseconds. */
  readonly maxMs: number;
}

const VERSIONS = ['v1', 'v1alpha'];

/**
 * The ends of a call that are about the server rather than the question: it is away, or does not want us. They are about the
 * question after all where the server still lists its services.
 */
const ABOUT_SERVER: readonly Code[] = [
  Code.UNAVAILABLE,
  Code.CANCELLED,
  Code.UNAUTHENTICATED,
  Code.PERMISSION_DENIED,
];

/**
 * Asks a server's reflection service: v1, or v1alpha where v1 is UNIMPLEMENTED. A call that ends in the middle is opened
 * again, since some servers end it after each answer, and some over a question that they cannot answer: such a question is asked twice, and then it
 * is its own problem. End it with `close`.
 */
export class ReflectionClient {
  readonly #open: ReflectionOpen;
  readonly #options: ReflectionClientOptions;
  #stream: ReflectionStream | undefined;
  #stop: AbortController | undefined;
  #version = 0;
  #answered = false;
  #questions = 0;
  /** Answers to questions that were asked ahead, by question. */
  readonly #ahead = new Map<string, ReflectionAnswer>();
  /** Something went wrong when several were asked: from then on one is asked after the other. */
  #isOneByOne = false;
  readonly #startedAt = performance.now();

  constructor(open: ReflectionOpen, options: ReflectionClientOptions) {
    this.#open = open;
    this.#options = options;
  }

  /**
   * The answer, in which `problem` says why there is none. Throws `RpcError` when the server is away, has no reflection (UNIMPLEMENTED) or
   * refuses us, or the signal has aborted; `ReflectionBound` when a bound is reached.
   */
  async ask(question: ReflectionQuestion): Promise<ReflectionAnswer> {
    const text = JSON.stringify(question);
    const ahead = this.#ahead.get(text);
    if (ahead !== undefined) {
      this.#ahead.delete(text);
      return ahead;
    }
    this.#questions += 1;
    if (this.#questions > this.#options.maxQuestions) {
      throw new ReflectionBound(`more than ${this.#options.maxQuestions} questions`);
    }
    if (this.#answered && performance.now() - this.#startedAt > this.#options.maxMs) {
      throw new ReflectionBound(`more than ${this.#options.maxMs} ms`);
    }
    let failure: RpcError | undefined;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      try {
        return await this.#askOnce(question);
      } catch (reason) {
        this.close();
        if (!(reason instanceof RpcError) || this.#options.signal.aborted) throw reason;
        if (!this.#answered && reason.code === Code.UNIMPLEMENTED && this.#version + 1 < VERSIONS.length) {
          this.#version += 1;
          attempt -= 1;
        } else if (!(await this.#isAboutQuestion(reason))) throw this.#asShown(reason);
        failure = reason;
      }
    }
    const problem = failure?.message ?? 'no answer';
    return { files: [], services: [], extensionNumbers: [], problem };
  }

  /**
   * How many questions may be asked together: 0 where answers do not say what they answer, where that went wrong before, and where half of the bytes that answers
   * may have are spent, since a server may send the same files with each.
   */
  get roomAhead(): number {
    const { budget, maxQuestions } = this.#options;
    if (this.#isOneByOne || this.#stream?.repeats !== true || budget.bytes * 2 < budget.maxBytes) return 0;
    return maxQuestions - this.#questions;
  }

  /**
   * Asks several questions at once, so that `ask` has their answers, once each. What gets no answer in this way is asked again, by itself: whatever a
   * server does to one question, the others are none the worse for it. Throws `ReflectionBound`.
   */
  async askAhead(questions: readonly ReflectionQuestion[]): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined || questions.length > this.roomAhead) return;
    this.#questions += questions.length;
    const timer = setTimeout(() => this.#stop?.abort(), this.#options.answerMs);
    try {
      await stream.askTogether(questions, (question, answer) => {
        timer.refresh();
        this.#ahead.set(JSON.stringify(question), answer);
      });
    } catch (reason) {
      this.close();
      this.#isOneByOne = true;
      if (reason instanceof ReflectionBound) throw reason;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Drops what was asked ahead and not wanted after all, and says how much that is. */
  forgetAhead(questions: readonly ReflectionQuestion[]): number {
    let unused = 0;
    for (const question of questions) if (this.#ahead.delete(JSON.stringify(question))) unused += 1;
    return unused;
  }

  /** Ends the call, if one is open. */
  close(): void {
    this.#stream?.close();
    this.#stop?.abort();
    this.#stream = undefined;
  }

  /** Whether an end of the call may have to do with what was asked. A server that hangs up is away only if it never answers. */
  async #isAboutQuestion(reason: RpcError): Promise<boolean> {
    if (!this.#answered || reason instanceof ReflectionBound) return false;
    if (reason instanceof ReflectionHungUp || !ABOUT_SERVER.includes(reason.code)) return true;
    return await this.#stillAnswers();
  }

  async #stillAnswers(): Promise<boolean> {
    try {
      return (await this.#askOnce({ listServices: '' })).problem === undefined;
    } catch {
      this.close();
      return false;
    }
  }

  #asShown(reason: RpcError): RpcError {
    return reason.code === Code.UNIMPLEMENTED && !this.#answered ? noReflection() : reason;
  }

  async #askOnce(question: ReflectionQuestion): Promise<ReflectionAnswer> {
    const stream = this.#stream ?? this.#openStream();
    const { answerMs, firstAnswerMs } = this.#options;
    const boundMs = this.#answered ? answerMs : firstAnswerMs;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#stop?.abort();
    }, boundMs);
    try {
      return await stream.ask(question);
    } catch (reason) {
      if (!late) throw reason;
      throw new RpcError('SCHEMA_NOT_LOADED', `the server has not answered within ${boundMs} ms`, {
        code: Code.DEADLINE_EXCEEDED,
      });
    } finally {
      clearTimeout(timer);
      this.#answered ||= stream.answered;
    }
  }

  #openStream(): ReflectionStream {
    const version = VERSIONS[this.#version] ?? '';
    this.#stop = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal]);
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const { budget } = this.#options;
    this.#stream = new ReflectionStream(
      this.#open(path, signal, Math.max(1, budget.bytes)),
      typeOf(version, 'ServerReflectionRequest'),
      typeOf(version, 'ServerReflectionResponse'),
      budget,
    );
    return this.#stream;
  }
}

function typeOf(version: string, name: string): DescMessage {
  const desc = baseFiles().registry.getMessage(`grpc.reflection.${version}.${name}`);
  if (desc === undefined) throw new SchemaError(`proto/grpc/reflection/${version} does not declare ${name}`);
  return desc;
}

function noReflection(): RpcError {
  return new RpcError(
    'SCHEMA_NOT_LOADED' /*CODE:UNIMPLEMENTED*/,
    'the server has no reflection (v1 or v1alpha); give its descriptor set or .proto files instead',
    { code: Code.UNIMPLEMENTED },
  );
}
