import { msFromTimestamp } from '../json/text-check.js';
import { button, element } from '../view/element.js';
import { textOfValue } from './control-text.js';
import type { ControlPlace, FormControl } from './form-control.js';
import { setInvalid } from './text-control.js';

/** A time as text, with all digits that protobuf has, and a picker of the browser beside it, in UTC. */
export function timestampControl(place: ControlPlace): FormControl {
  const text = element('input', {
    type: 'text',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: '2024-05-01T12:00:00.250Z',
    'aria-labelledby': place.labelId,
    'aria-describedby': place.describedBy,
  });
  const picker = element('input', {
    type: 'datetime-local',
    step: '1',
    'aria-label': 'Pick the time, in UTC',
  });
  const pick = (value: string) => {
    const seconds = value.length === 16 ? `${value}:00` : value;
    text.value = value === '' ? '' : `${seconds}Z`;
    place.changed(text.value === '' ? undefined : text.value);
  };
  const showPicker = () => {
    const atMs = msFromTimestamp(text.value);
    const iso = atMs === undefined ? '' : new Date(atMs).toISOString();
    // Years beyond those of four digits have no place in it.
    picker.value = /^\d{4}-/.test(iso) ? iso.slice(0, 19) : '';
  };
  text.addEventListener('input', () => {
    showPicker();
    place.changed(text.value === '' ? undefined : text.value);
  });
  picker.addEventListener('input', () => pick(picker.value));
  const now = button('Now', { class: 'small' }, () => {
    text.value = new Date().toISOString();
    showPicker();
    place.changed(text.value);
  });
  return {
    root: element('div', { class: 'together' }, text, picker, now),
    show(value) {
      const shown = textOfValue(value);
      if (shown === text.value) return;
      text.value = shown;
      showPicker();
    },
    mark: (problems) =>
      setInvalid(
        text,
        problems.some(({ isAdvice }) => !isAdvice),
      ),
  };
}
