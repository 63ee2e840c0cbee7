import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { AccessRule } from './access-rule.js';
import type { FileContent } from './file-content.js';
import type { HttpBinding, PathVariable } from './http-binding.js';
import type { Json } from './json.js';
import type { Method, RecordingRule, Resume, SlowReaderRule } from './method.js';
import { PAUSE } from './slow-reader-rule.js';

/** What is known of a method before its types are read. */
export interface MethodHead
  extends Pick<Method, 'path' | 'service' | 'name' | 'requestStream' | 'responseStream' | 'safe'> {
  /** Of its bindings, in their order. */
  readonly patterns: readonly Pick<HttpBinding, 'httpMethod' | 'template'>[];
}

/** A method without options of `sluice.v1`, whose types are read when somebody asks for what depends on them. Until then a file of descriptors stays bytes. */
export class LateMethod implements Method {
  readonly path: string;
  readonly service: string;
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly safe: boolean;
  readonly bindings: readonly HttpBinding[];
  readonly #make: (path: string) => Method;
  #made: Method | undefined;

  /** `make` reads the method of a path; called once. What it throws, whoever asks gets. */
  constructor(head: MethodHead, make: (path: string) => Method) {
    this.path = head.path;
    this.service = head.service;
    this.name = head.name;
    this.requestStream = head.requestStream;
    this.responseStream = head.responseStream;
    this.safe = head.safe;
    this.bindings = head.patterns.map((pattern, index) => new LateBinding(pattern, this, index));
    this.#make = make;
  }

  /** All of it. */
  get whole(): Method {
    this.#made ??= this.#make(this.path);
    return this.#made;
  }

  get input(): DescMessage {
    return this.whole.input;
  }

  get output(): DescMessage {
    return this.whole.output;
  }

  get upload(): FileContent | undefined {
    return this.whole.upload;
  }

  get download(): FileContent | undefined {
    return this.whole.download;
  }

  get file(): boolean {
    return this.whole.file;
  }

  // These are said by options of ours alone.

  get resume(): Resume | undefined {
    return undefined;
  }

  get slowReader(): SlowReaderRule {
    return PAUSE;
  }

  get recording(): RecordingRule | undefined {
    return undefined;
  }

  get access(): AccessRule | undefined {
    return undefined;
  }

  get example(): Json | undefined {
    return undefined;
  }
}

class LateBinding implements HttpBinding {
  readonly httpMethod: string;
  readonly template: string;
  readonly #method: LateMethod;
  readonly #index: number;

  constructor(pattern: MethodHead['patterns'][number], method: LateMethod, index: number) {
    this.httpMethod = pattern.httpMethod;
    this.template = pattern.template;
    this.#method = method;
    this.#index = index;
  }

  get #whole(): HttpBinding {
    return this.#method.whole.bindings[this.#index] as HttpBinding;
  }

  get variables(): readonly PathVariable[] {
    return this.#whole.variables;
  }

  get body(): '*' | DescField | undefined {
    return this.#whole.body;
  }

  get mask(): DescField | undefined {
    return this.#whole.mask;
  }

  get responseBody(): DescField | undefined {
    return this.#whole.responseBody;
  }

  get upload(): FileContent | undefined {
    return this.#whole.upload;
  }

  get download(): FileContent | undefined {
    return this.#whole.download;
  }
}

/** The same method as an object that can be spread. */
export function copyOfMethod(method: Method): Method {
  return method instanceof LateMethod ? { ...method.whole } : { ...method };
}
