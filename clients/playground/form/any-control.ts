import { shapeWithinAny } from '../json/field-shape.js';
import { isMembers, type Json, type JsonMembers, membersFrom } from '../json/json-value.js';
import { element } from '../view/element.js';
import { type ControlPlace, type FormControl, freshId, problemsUnder } from './form-control.js';
import { membersControl } from './message-control.js';
import { setInvalid } from './text-control.js';

const PREFIX = 'type.googleapis.com/';
/** So many types are offered; others can be typed. */
const MAX_OFFERED = 1_000;

/** A message of any type: the name of the type, from a list, and the form of that type. */
export function anyControl(place: ControlPlace): FormControl {
  const listId = freshId('types');
  const type = element('input', {
    type: 'text',
    list: listId,
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: 'pkg.Message',
    'aria-label': 'The type of the message',
    'aria-describedby': place.describedBy,
  });
  const list = element(
    'datalist',
    { id: listId },
    ...place.schema.messageNames.slice(0, MAX_OFFERED).map((name) => element('option', { value: name })),
  );
  const body = element('div', { class: 'nested', hidden: true });
  let members: JsonMembers = {};
  let inner:
    | { readonly name: string; readonly control: FormControl; readonly isWrapped: boolean }
    | undefined;

  const typed = (content: JsonMembers) =>
    membersFrom([['@type', members['@type'] ?? ''], ...Object.entries(content)]);
  const tell = (value: JsonMembers) => {
    members = value;
    place.changed(Object.keys(value).length === 0 ? undefined : value);
  };
  const open = () => {
    const name = type.value.slice(type.value.lastIndexOf('/') + 1);
    const found = place.schema.message(name);
    body.hidden = found === undefined;
    if (inner?.name === name && found !== undefined) return;
    inner = undefined;
    body.replaceChildren();
    if (found === undefined) return;
    const shape = shapeWithinAny(found);
    const deeper = { ...place, depth: place.depth + 1, canBeAbsent: false };
    const control =
      shape === undefined
        ? membersControl(found, { ...deeper, changed: (value) => tell(typed(isMembers(value) ? value : {})) })
        : place.make(shape, {
            ...deeper,
            changed: (value) => tell(typed(value === undefined ? {} : { value })),
          });
    inner = { name, control, isWrapped: shape !== undefined };
    body.append(control.root);
  };
  const draw = () => {
    open();
    const { '@type': _, ...content } = members;
    inner?.control.show(inner.isWrapped ? members.value : content);
  };
  type.addEventListener('input', () => {
    const name = type.value.trim();
    tell(name === '' ? {} : { '@type': name.includes('/') ? name : `${PREFIX}${name}` });
    draw();
  });
  return {
    root: element('div', { class: 'any', role: 'group', 'aria-labelledby': place.labelId }, type, list, body),
    show(value: Json | undefined) {
      members = isMembers(value) ? value : {};
      const url = members['@type'];
      const name = typeof url === 'string' ? url.replace(PREFIX, '') : '';
      if (type.value.trim().replace(PREFIX, '') !== name) type.value = name;
      draw();
    },
    mark(problems) {
      setInvalid(
        type,
        problems.some(({ path, isAdvice }) => !isAdvice && path.length === 0),
      );
      inner?.control.mark(
        inner.isWrapped ? problemsUnder(problems, 'value') : problems.filter(({ path }) => path.length > 0),
      );
    },
  };
}
