import type { DescEnum } from '@bufbuild/protobuf';
import type { Json } from '../json/json-value.js';
import { helpOfEnumValue } from '../schema/field-help.js';
import { element } from '../view/element.js';
import type { ControlPlace, FormControl } from './form-control.js';
import { setInvalid } from './text-control.js';

/** Past so many values the list of an enum has no comments: they would make it unreadable. */
const MAX_EXPLAINED = 300;

/** true or false; with a third choice where it may be absent. */
export function booleanControl(place: ControlPlace): FormControl {
  if (place.canBeAbsent) {
    return choice(place, [
      ['not set', undefined],
      ['true', true],
      ['false', false],
    ]);
  }
  const input = element('input', {
    type: 'checkbox',
    'aria-labelledby': place.labelId,
    'aria-describedby': place.describedBy,
  });
  input.addEventListener('change', () => place.changed(input.checked ? true : undefined));
  return {
    root: input,
    show(value) {
      input.checked = value === true;
    },
    mark: (problems) =>
      setInvalid(
        input,
        problems.some(({ isAdvice }) => !isAdvice),
      ),
  };
}

/** The values of an enum by name. */
export function enumControl(type: DescEnum, place: ControlPlace): FormControl {
  const values = type.values.map(({ name, number }, index) => {
    const help = type.values.length <= MAX_EXPLAINED ? helpOfEnumValue(type, index).split('\n')[0] : '';
    return [help ? `${name}: ${help}` : name, name, number] as const;
  });
  const [zero] = type.values;
  const unset = place.canBeAbsent ? 'not set' : `not set (${zero?.name ?? 0})`;
  const numbers = new Map(type.values.map(({ name, number }) => [number, name]));
  const control = choice(place, [
    [unset, undefined],
    ...values.map(([text, name]): [string, Json] => [text, name]),
  ]);
  return {
    ...control,
    show: (value) => control.show(typeof value === 'number' ? (numbers.get(value) ?? value) : value),
  };
}

/** A list of values; one that is not in it is added, so that it is not lost. */
function choice(
  place: ControlPlace,
  choices: readonly (readonly [text: string, value: Json | undefined])[],
): FormControl {
  const select = element('select', {
    'aria-labelledby': place.labelId,
    'aria-describedby': place.describedBy,
  });
  const values: (Json | undefined)[] = choices.map(([, value]) => value);
  select.append(...choices.map(([text], index) => element('option', { value: String(index) }, text)));
  select.addEventListener('change', () => place.changed(values[Number(select.value)]));
  return {
    root: select,
    show(value) {
      let index = values.indexOf(value);
      if (index === -1) {
        index = values.push(value) - 1;
        select.append(element('option', { value: String(index) }, JSON.stringify(value)));
      }
      select.value = String(index);
    },
    mark: (problems) =>
      setInvalid(
        select,
        problems.some(({ isAdvice }) => !isAdvice),
      ),
  };
}
