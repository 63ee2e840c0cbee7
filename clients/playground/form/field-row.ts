import type { DescField } from '@bufbuild/protobuf';
import { hasPresence, shapeOfField, shapeText } from '../json/field-shape.js';
import type { Json } from '../json/json-value.js';
import { helpOfField, isRequiredField } from '../schema/field-help.js';
import { button, element } from '../view/element.js';
import { type ControlPlace, type FormControl, freshId } from './form-control.js';
import { problemLine } from './problem-line.js';

/** A comment that is longer begins folded. */
const SHORT_HELP = 160;

/** A field of a message: its name, its type, its control, the comment of the schema, and what is wrong. */
export function fieldRow(
  field: DescField,
  place: ControlPlace,
  changed: (value: Json | undefined) => void,
): FormControl {
  const shape = shapeOfField(field);
  const labelId = freshId('field');
  const help = helpText(helpOfField(field));
  const problem = problemLine();
  const isText = shape.kind === 'scalar' && (shape.scalar === 9 || shape.scalar === 12);
  const canBeAbsent = hasPresence(field) && field.oneof === undefined;
  const unset = button('Unset', { class: 'small', hidden: true, 'aria-describedby': labelId }, () => {
    changed(undefined);
    show(undefined);
  });
  const control = place.make(shape, {
    ...place,
    labelId,
    describedBy: `${help.id} ${problem.root.id}`,
    canBeAbsent,
    changed(value) {
      unset.hidden = !(isText && canBeAbsent) || value === undefined;
      changed(value);
    },
  });
  const show = (value: Json | undefined) => {
    control.show(value);
    unset.hidden = !(isText && canBeAbsent) || value === undefined;
  };
  const isDeprecated = field.proto.options?.deprecated === true;
  const root = element(
    'div',
    { class: isDeprecated ? 'row deprecated' : 'row' },
    element(
      'div',
      { class: 'label' },
      element('span', { id: labelId, class: 'name' }, field.jsonName),
      ...(isRequiredField(field) ? [element('span', { class: 'required' }, 'required')] : []),
      element('span', { class: 'type quiet' }, shapeText(shape), isDeprecated ? ', deprecated' : ''),
    ),
    element('div', { class: 'value' }, control.root, unset, help, problem.root),
  );
  // A click on the name goes to the control, as on a label; a label itself cannot be of several controls.
  root.querySelector('.name')?.addEventListener('click', () => {
    root.querySelector<HTMLElement>('.value :is(input, textarea, select, button, summary)')?.focus();
  });
  return {
    root,
    show,
    mark(problems) {
      control.mark(problems);
      problem.show(problems);
    },
  };
}

function helpText(comment: string): HTMLElement {
  const id = freshId('help');
  if (comment.length <= SHORT_HELP)
    return element('p', { id, class: 'help', hidden: comment === '' }, comment);
  const end = comment.slice(0, SHORT_HELP).search(/[.!?]\s/);
  const first = end === -1 ? `${comment.slice(0, SHORT_HELP)}…` : comment.slice(0, end + 1);
  return element(
    'details',
    { id, class: 'help' },
    element('summary', {}, first),
    comment.startsWith(first) ? comment.slice(first.length).trim() : comment,
  );
}
