import type { FieldProblem } from '../json/field-problem.js';
import { isMembers, type Json, type JsonMembers } from '../json/json-value.js';
import { problemsOf } from '../json/request-check.js';
import { messageFromText } from '../json/request-input.js';
import type { CallTypes, PageSchema } from '../schema/page-schema.js';
import { element } from '../view/element.js';
import { controlOf } from './control-table.js';
import { type FormControl, freshId } from './form-control.js';
import { membersControl } from './message-control.js';

export interface RequestEditorOptions {
  /** Absent: only the JSON can be edited, and the gateway alone checks it. */
  readonly schema?: PageSchema | undefined;
  readonly types?: CallTypes | undefined;
  /** What stands in it at first. */
  readonly text: string;
  /** The text has changed, by either way. */
  changed(text: string): void;
}

/** The request as a form and as JSON, both edited, in step. */
export interface RequestEditor {
  readonly root: HTMLElement;
  readonly text: string;
  setText(text: string): void;
  /** The request, if it is JSON and the gateway would take it. Undefined otherwise: what is wrong is shown at its field, which gets the focus. */
  read(): JsonMembers | undefined;
}

/** Makes the editor of a method's request. */
export function createRequestEditor(options: RequestEditorOptions): RequestEditor {
  const { schema, types } = options;
  const problemId = freshId('json-problem');
  const json = element('textarea', {
    class: 'json',
    spellcheck: 'false',
    autocomplete: 'off',
    rows: '8',
    'aria-describedby': problemId,
  });
  json.value = options.text;
  const problem = element('p', { id: problemId, class: 'problem', role: 'alert', hidden: true });
  const form: FormControl | undefined =
    schema &&
    types &&
    membersControl(types.input, {
      labelId: '',
      describedBy: '',
      canBeAbsent: false,
      depth: 0,
      schema,
      make: controlOf,
      changed: (value) => fromForm(value ?? {}),
    });
  const fields = element(
    'fieldset',
    { class: 'form', 'aria-label': 'Request as a form' },
    ...(form ? [form.root] : []),
  );

  const say = (text: string) => {
    problem.hidden = text === '';
    problem.textContent = text;
  };
  const check = (value: Json): readonly FieldProblem[] => {
    if (schema === undefined || types === undefined) return [];
    const found = problemsOf(types.input, value, schema.message, schema.extensionsOf);
    form?.mark(found);
    return found;
  };
  const fromForm = (value: Json) => {
    json.value = JSON.stringify(value, null, 2);
    fitRows();
    say('');
    check(value);
    options.changed(json.value);
  };
  const fitRows = () => {
    json.rows = Math.min(Math.max(json.value.split('\n').length + 1, 8), 24);
  };
  /** Undefined while the text is not an object. */
  const parsed = (): JsonMembers | undefined => {
    const value = messageFromText(json.value);
    if (!isMembers(value)) throw new Error('The request must be an object: { … }');
    return value;
  };
  const fromJson = () => {
    fitRows();
    try {
      const value = parsed();
      fields.disabled = false;
      say('');
      if (value !== undefined) {
        form?.show(value);
        check(value);
      }
    } catch {
      // The form shows the last text that was JSON, and waits.
      fields.disabled = true;
    }
    options.changed(json.value);
  };
  json.addEventListener('input', fromJson);
  json.addEventListener('blur', () => {
    if (fields.disabled) read();
  });
  const read = (): JsonMembers | undefined => {
    try {
      const value = parsed();
      const found = check(value as Json).filter(({ isAdvice }) => !isAdvice);
      const [first] = found;
      if (first === undefined) {
        say('');
        return value;
      }
      say(
        `${found.length === 1 ? 'One field is' : `${found.length} fields are`} not as the method needs ${found.length === 1 ? 'it' : 'them'}: ${sentence(first)}`,
      );
      return undefined;
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  fitRows();
  try {
    const value = parsed();
    if (value !== undefined) form?.show(value);
  } catch {
    fields.disabled = true;
  }
  const jsonField = element(
    'label',
    { class: 'json-side' },
    element('span', { class: 'caption' }, 'Request as JSON'),
    json,
  );
  return {
    root: element(
      'div',
      { class: form ? 'editor' : 'editor json-only' },
      ...(form ? [fields] : []),
      jsonField,
      problem,
    ),
    get text() {
      return json.value;
    },
    setText(text) {
      json.value = text;
      fromJson();
    },
    read() {
      const value = read();
      if (value === undefined) fields.querySelector<HTMLElement>('[aria-invalid]')?.focus();
      return value;
    },
  };
}

function sentence({ path, text }: FieldProblem): string {
  const where = path.map(String).join('.');
  return where === '' ? text : `${where}: ${text}`;
}
