import { type DescMethod, fromJson, type Registry } from '@bufbuild/protobuf';
import { contentOfMessage, type FileContent } from './file-content.js';
import type { Json } from './json.js';
import type { Method, Resume, SlowReaderRule } from './method.js';
import { optionOfMethod } from './option-of-method.js';
import { resumeFromNames } from './resume-rule.js';
import { PAUSE, slowReaderRule } from './slow-reader-rule.js';

interface StreamOption {
  readonly cursor: string;
  readonly resume: string;
  readonly slowReader?: {
    readonly policy: number;
    readonly key: string;
    readonly maxMessages: number;
    readonly afterMs: number;
  };
}

/**
 * How a server stream resumes, and what a slow reader gets of it, from `(sluice.v1.stream)`. What does not fit the method
 * is told to `report` and counts as not said.
 */
export function streamFromMethod(
  method: DescMethod,
  foreign: Registry,
  report: (problem: string) => void,
): Pick<Method, 'resume' | 'slowReader'> {
  const reportRule = (problem: string) => report(`(sluice.v1.stream): ${problem}`);
  const rule = optionOfMethod<StreamOption>(method, 'sluice.v1.stream', foreign, report);
  if (rule === undefined) return { resume: undefined, slowReader: PAUSE };
  if (!method.proto.serverStreaming) {
    reportRule('the method does not stream its responses');
    return { resume: undefined, slowReader: PAUSE };
  }
  return {
    resume: resumeFromRule(rule, method, reportRule),
    slowReader: slowReaderFromRule(rule, method, reportRule),
  };
}

function resumeFromRule(
  rule: StreamOption,
  method: DescMethod,
  report: (problem: string) => void,
): Resume | undefined {
  // A rule that is only about slow readers.
  if (rule.cursor === '' && rule.resume === '' && rule.slowReader !== undefined) return undefined;
  return resumeFromNames(rule, method, report);
}

/** sluice.v1.SlowReader.Policy by number, and which of the other fields each one reads. */
const POLICIES: readonly { readonly policy: SlowReaderRule['policy']; readonly reads: readonly string[] }[] =
  [
    { policy: 'pause', reads: [] },
    { policy: 'pause', reads: [] },
    { policy: 'conflate', reads: ['key', 'max_messages'] },
    { policy: 'drop-oldest', reads: ['max_messages'] },
    { policy: 'disconnect', reads: ['after_ms'] },
  ];

function slowReaderFromRule(
  { slowReader }: StreamOption,
  { output }: DescMethod,
  report: (problem: string) => void,
): SlowReaderRule {
  if (slowReader === undefined) return PAUSE;
  const reportRule = (problem: string) => report(`slow_reader: ${problem}`);
  const chosen = POLICIES[slowReader.policy];
  if (chosen === undefined) {
    reportRule(`policy: ${slowReader.policy} is unknown here`);
    return PAUSE;
  }
  const { key, maxMessages, afterMs } = slowReader;
  const given = Object.entries({ key, max_messages: maxMessages, after_ms: afterMs });
  for (const [name, value] of given) {
    if (value === '' || value === 0 || chosen.reads.includes(name)) continue;
    reportRule(`${name}: has no meaning for the policy ${chosen.policy}`);
    return PAUSE;
  }
  const settings = {
    policy: chosen.policy,
    key,
    maxMessages: maxMessages || undefined,
    afterMs: afterMs || undefined,
  };
  return slowReaderRule(settings, { output, responseStream: true }, reportRule);
}

/**
 * What of a method's messages is the content of a file. `(sluice.v1.file)` holds for whichever side has the field; a rule that fits
 * neither is told to `report` and counts as none.
 */
export function filesFromMethod(
  method: DescMethod,
  foreign: Registry,
  report: (problem: string) => void,
): Pick<Method, 'upload' | 'download'> {
  const { input, output } = method;
  const rule = optionOfMethod<{ data: string }>(method, 'sluice.v1.file', foreign, report);
  const upload = contentOfMessage(input, rule?.data);
  const download = contentOfMessage(output, rule?.data);
  const isNamed = (content: FileContent | undefined) => content?.path[0]?.name === rule?.data;
  if (rule !== undefined && !isNamed(upload) && !isNamed(download)) {
    report(
      `(sluice.v1.file): neither ${input.typeName} nor ${output.typeName} has a single bytes field "${rule.data}"`,
    );
  }
  return { upload, download };
}

/** The request of `(sluice.v1.example)`. One that the method would not take is told to `report` and counts as none. */
export function exampleFromMethod(
  method: DescMethod,
  foreign: Registry,
  report: (problem: string) => void,
): Json | undefined {
  const text = optionOfMethod<string>(method, 'sluice.v1.example', foreign, report);
  if (text === undefined) return undefined;
  try {
    const example: Json = JSON.parse(text);
    fromJson(method.input, example, { registry: foreign });
    return example;
  } catch (error) {
    report(`(sluice.v1.example): is no ${method.input.typeName}: ${(error as Error).message}`);
    return undefined;
  }
}
