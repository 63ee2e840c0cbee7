import {
  type AccessRule,
  type HttpBinding,
  type Method,
  recordingRule,
  type SlowReaderRule,
} from '../../gateway/schema/index.js';

/** The options of a method that a caller may want to know, each as it stands behind the word "option" in a .proto file. */
export function optionTexts(method: Method): string[] {
  const { bindings, upload, download, file, access } = method;
  const data = [upload, download].find((content) => content?.declared)?.path.at(-1);
  return [
    ...bindings.map((binding) => `(google.api.http) = { ${ruleText(binding)} }`),
    ...ruleOf('access', access === undefined ? [] : accessParts(access)),
    ...ruleOf('stream', streamParts(method)),
    ...ruleOf('file', file && data !== undefined ? [['data', data.name]] : []),
    ...recordingTexts(method),
  ];
}

/** A field of an option and its value; the values of an enum are `Name`s. */
type Part = readonly [field: string, value: Value];
type Value = string | number | boolean | Name | readonly string[] | readonly Part[];

/** A value of an enum, which has no quotes. */
class Name {
  readonly text: string;

  /** `text`: as the configuration writes it, "drop-oldest". */
  constructor(text: string) {
    this.text = text.toUpperCase().replaceAll('-', '_');
  }
}

function ruleOf(name: string, parts: readonly Part[]): string[] {
  return parts.length === 0 ? [] : [`(sluice.v1.${name}) = { ${partsText(parts)} }`];
}

function partsText(parts: readonly Part[]): string {
  return parts.map(([field, value]) => `${field}: ${valueText(value)}`).join(' ');
}

function valueText(value: Value): string {
  if (value instanceof Name) return value.text;
  if (typeof value !== 'object') return JSON.stringify(value);
  return isParts(value)
    ? `{ ${partsText(value)} }`
    : `[${value.map((one) => JSON.stringify(one)).join(', ')}]`;
}

function isParts(value: readonly string[] | readonly Part[]): value is readonly Part[] {
  return Array.isArray(value[0]);
}

function accessParts({ public: isPublic, scopes, roles }: AccessRule): Part[] {
  return [
    ['level', new Name(isPublic ? 'public' : 'authenticated')],
    ...(scopes.length === 0 ? [] : [['scopes', scopes] as const]),
    ...(roles.length === 0 ? [] : [['roles', roles] as const]),
  ];
}

function streamParts({ resume, slowReader }: Method): Part[] {
  const slow = slowReaderParts(slowReader);
  return [
    ...(resume === undefined
      ? []
      : [['cursor', resume.cursor.name] as const, ['resume', resume.request.name] as const]),
    ...(slow.length === 0 ? [] : [['slow_reader', slow] as const]),
  ];
}

function slowReaderParts(rule: SlowReaderRule): Part[] {
  const policy: Part = ['policy', new Name(rule.policy)];
  switch (rule.policy) {
    case 'pause':
      return [];
    case 'conflate':
      return [policy, ['key', rule.key.name], ['max_messages', rule.maxMessages]];
    case 'drop-oldest':
      return [policy, ['max_messages', rule.maxMessages]];
    case 'disconnect':
      return [policy, ['after_ms', rule.afterMs]];
  }
}

/** What differs from an empty rule, which is on as well. */
function recordingTexts(method: Method): string[] {
  const { recording } = method;
  if (recording === undefined) return [];
  const usual = recordingRule({}, method, () => {});
  const parts: Part[] = [];
  for (const [name, value] of Object.entries(recording)) {
    if (String(value) === String(usual?.[name as keyof typeof recording])) continue;
    const field = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    parts.push([field, recordingValue(name, value)]);
  }
  return [
    parts.length === 0 ? '(sluice.v1.recording) = {}' : `(sluice.v1.recording) = { ${partsText(parts)} }`,
  ];
}

function recordingValue(
  name: string,
  value: NonNullable<Method['recording']>[keyof NonNullable<Method['recording']>],
): Value {
  if (/^(?:sharing|whenFull|start)$/.test(name)) return new Name(String(value));
  return typeof value === 'object' && 'name' in value ? value.name : (value ?? '');
}

function ruleText({ httpMethod, template, body }: HttpBinding): string {
  const verb = /^(?:GET|PUT|POST|DELETE|PATCH)$/.test(httpMethod)
    ? httpMethod.toLowerCase()
    : `custom "${httpMethod}"`;
  const of = body === undefined ? '' : ` body: "${typeof body === 'string' ? body : body.name}"`;
  return `${verb}: "${template}"${of}`;
}
