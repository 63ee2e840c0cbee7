import type { DescOneof } from '@bufbuild/protobuf';
import { emptyValue } from '../json/empty-value.js';
import { memberOf, shapeOfField } from '../json/field-shape.js';
import type { JsonMembers } from '../json/json-value.js';
import { element } from '../view/element.js';
import { fieldRow } from './field-row.js';
import { type ControlPlace, type FormControl, freshId, problemsUnder } from './form-control.js';

/** A choice of at most one field. `set` is given the members of the message with the choice made. */
export function oneofRow(
  oneof: DescOneof,
  place: ControlPlace,
  members: () => JsonMembers,
  set: (name: string | undefined, value: JsonMembers[string] | undefined, without: readonly string[]) => void,
): FormControl {
  const labelId = freshId('oneof');
  const select = element(
    'select',
    { 'aria-labelledby': labelId },
    element('option', { value: '' }, 'none'),
    ...oneof.fields.map((field) => element('option', { value: field.jsonName }, field.jsonName)),
  );
  const held = element('div', { class: 'held' });
  const names = oneof.fields.flatMap(({ name, jsonName }) => [name, jsonName]);
  let shown: { readonly name: string; readonly row: FormControl } | undefined;

  const choose = (name: string) => {
    select.value = name;
    if (shown?.name === name) return;
    const field = oneof.fields.find(({ jsonName }) => jsonName === name);
    const row =
      field &&
      fieldRow(field, place, (value) =>
        set(memberOf(field, members()) ?? name, value ?? emptyValue(shapeOfField(field)), []),
      );
    shown = row && { name, row };
    held.replaceChildren(...(row === undefined ? [] : [row.root]));
  };
  select.addEventListener('change', () => {
    const name = select.value;
    const field = oneof.fields.find(({ jsonName }) => jsonName === name);
    const value = field && emptyValue(shapeOfField(field));
    set(field && name, value, names);
    choose(name);
    shown?.row.show(value);
  });
  return {
    root: element(
      'div',
      { class: 'row oneof', role: 'group', 'aria-labelledby': labelId },
      element(
        'div',
        { class: 'label' },
        element('span', { id: labelId, class: 'name' }, oneof.name),
        element('span', { class: 'type quiet' }, 'one of'),
      ),
      element('div', { class: 'value' }, select, held),
    ),
    show() {
      const given = members();
      const field = oneof.fields.find((one) => memberOf(one, given) !== undefined);
      choose(field?.jsonName ?? '');
      const member = field && memberOf(field, given);
      if (member !== undefined) shown?.row.show(given[member]);
    },
    mark(problems) {
      const field = oneof.fields.find(({ jsonName }) => jsonName === shown?.name);
      if (field !== undefined) shown?.row.mark(problemsUnder(problems, field.jsonName, field.name));
    },
  };
}
