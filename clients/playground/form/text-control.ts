import { ScalarType } from '@bufbuild/protobuf';
import { integerRange, is64Bits } from '../json/integer-range.js';
import type { Json } from '../json/json-value.js';
import { element } from '../view/element.js';
import { jsonFromNumberText, textOfValue } from './control-text.js';
import type { ControlPlace, FormControl } from './form-control.js';

/** A line of text, which grows into several where the value has line breaks. */
export function textControl(place: ControlPlace, placeholder = ''): FormControl {
  const input = element('textarea', {
    rows: '1',
    class: 'line',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder,
    'aria-labelledby': place.labelId,
    'aria-describedby': place.describedBy,
  });
  input.addEventListener('input', () => {
    grow(input);
    place.changed(input.value === '' && !place.canBeAbsent ? undefined : input.value);
  });
  return inputControl(
    input,
    place,
    (text) => text,
    () => grow(input),
  );
}

function grow(input: HTMLTextAreaElement): void {
  input.rows = Math.min(8, input.value.split('\n').length);
}

/** A number, as text: of 64 bits it does not fit into a number of the browser, and what is no number is told and not thrown away. */
export function numberControl(scalar: ScalarType, place: ControlPlace): FormControl {
  const range = integerRange(scalar);
  const isWide = is64Bits(scalar);
  const input = element('input', {
    type: 'text',
    class: 'number',
    inputmode: range === undefined ? 'decimal' : 'numeric',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: place.canBeAbsent ? '' : '0',
    title:
      range === undefined
        ? `${ScalarType[scalar].toLowerCase()}: a number, NaN, Infinity or -Infinity`
        : `${ScalarType[scalar].toLowerCase()}: from ${range.least} to ${range.greatest}`,
    'aria-labelledby': place.labelId,
    'aria-describedby': place.describedBy,
  });
  const toJson = (text: string) => jsonFromNumberText(text, isWide);
  input.addEventListener('input', () => place.changed(toJson(input.value)));
  input.addEventListener('keydown', (event) => {
    const step = { ArrowUp: 1n, ArrowDown: -1n }[event.key];
    if (step === undefined || range === undefined || !/^-?\d{0,20}$/.test(input.value)) return;
    const next = BigInt(input.value === '-' ? 0 : input.value) + step;
    if (next < range.least || next > range.greatest) return;
    event.preventDefault();
    input.value = String(next);
    place.changed(toJson(input.value));
  });
  return inputControl(input, place, toJson);
}

/** A duration: "1.5s", and a number alone is one in seconds. */
export function durationControl(place: ControlPlace): FormControl {
  const input = element('input', {
    type: 'text',
    class: 'number',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: 'seconds, such as 1.5s',
    'aria-labelledby': place.labelId,
    'aria-describedby': place.describedBy,
  });
  const toJson = (text: string) => {
    if (text === '') return undefined;
    return /^-?\d+(?:\.\d+)?$/.test(text) ? `${text}s` : text;
  };
  input.addEventListener('input', () => place.changed(toJson(input.value)));
  return inputControl(input, place, toJson);
}

/** Shows a value in an input, unless what stands there means the same. */
function inputControl(
  input: HTMLInputElement | HTMLTextAreaElement,
  _place: ControlPlace,
  toJson: (text: string) => Json | undefined,
  shown: () => void = () => undefined,
): FormControl {
  return {
    root: input,
    show(value) {
      if (toJson(input.value) === value && (value !== undefined || input.value === '')) return;
      input.value = textOfValue(value);
      shown();
    },
    mark: (problems) =>
      setInvalid(
        input,
        problems.some(({ isAdvice }) => !isAdvice),
      ),
  };
}

export function setInvalid(input: HTMLElement, isInvalid: boolean): void {
  if (isInvalid) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
}
