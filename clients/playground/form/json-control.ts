import type { Json } from '../json/json-value.js';
import { element } from '../view/element.js';
import type { ControlPlace, FormControl } from './form-control.js';
import { setInvalid } from './text-control.js';

/** A value of any form, as JSON: google.protobuf.Value, Struct and ListValue. What is not JSON yet changes nothing, and is said. */
export function jsonControl(place: ControlPlace): FormControl {
  const input = element('textarea', {
    rows: '2',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: 'JSON',
    'aria-labelledby': place.labelId,
    'aria-describedby': place.describedBy,
  });
  let current: Json | undefined;
  input.addEventListener('input', () => {
    try {
      current = input.value.trim() === '' ? undefined : (JSON.parse(input.value) as Json);
      setInvalid(input, false);
    } catch {
      setInvalid(input, true);
      return;
    }
    place.changed(current);
  });
  return {
    root: input,
    show(value) {
      if (JSON.stringify(value) === JSON.stringify(current)) return;
      current = value;
      input.value = value === undefined ? '' : JSON.stringify(value, null, 2);
      input.rows = Math.min(8, input.value.split('\n').length + 1);
    },
    mark: (problems) =>
      setInvalid(
        input,
        problems.some(({ isAdvice }) => !isAdvice),
      ),
  };
}
