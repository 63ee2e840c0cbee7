import type { Json } from '../json/json-value.js';
import { element } from '../view/element.js';
import { base64FromBytes, bytesFromBase64, sizeText, textFromBytes, textOfValue } from './control-text.js';
import type { ControlPlace, FormControl } from './form-control.js';
import { setInvalid } from './text-control.js';

/** The largest file that becomes part of a request: as base64 in JSON it still fits into a message of 4 MiB. */
const MAX_FILE_BYTES = 3 * 1024 * 1024;

type Form = 'text' | 'base64' | 'file';

/** Bytes as text, as base64, or as a file. */
export function bytesControl(place: ControlPlace): FormControl {
  const form = element(
    'select',
    { 'aria-label': 'How the bytes are given' },
    element('option', { value: 'text' }, 'as text'),
    element('option', { value: 'base64' }, 'as base64'),
    element('option', { value: 'file' }, 'from a file'),
  );
  const text = element('textarea', {
    rows: '1',
    class: 'line',
    spellcheck: 'false',
    'aria-labelledby': place.labelId,
    'aria-describedby': place.describedBy,
  });
  const file = element('input', { type: 'file', 'aria-labelledby': place.labelId });
  const note = element('small', { class: 'quiet' });
  let current: Json | undefined;

  const showForm = () => {
    text.hidden = form.value === 'file';
    file.hidden = form.value !== 'file';
  };
  const size = () => {
    const bytes = typeof current === 'string' ? bytesFromBase64(current) : new Uint8Array();
    note.textContent = bytes === undefined ? '' : sizeText(bytes.length);
  };
  const set = (value: Json | undefined) => {
    current = value;
    size();
    place.changed(value);
  };
  const typed = () => {
    if (text.value === '' && !place.canBeAbsent) return set(undefined);
    set(form.value === 'text' ? base64FromBytes(new TextEncoder().encode(text.value)) : text.value);
  };
  const read = async () => {
    const [chosen] = file.files ?? [];
    if (chosen === undefined) return;
    if (chosen.size > MAX_FILE_BYTES) {
      note.textContent = `${chosen.name} has ${sizeText(chosen.size)}: as a part of a request at most ${sizeText(MAX_FILE_BYTES)}`;
      return;
    }
    set(base64FromBytes(new Uint8Array(await chosen.arrayBuffer())));
    note.textContent = `${chosen.name}, ${sizeText(chosen.size)}`;
  };
  const fill = () => {
    const decoded = typeof current === 'string' ? bytesFromBase64(current) : new Uint8Array();
    const asText = decoded && textFromBytes(decoded);
    if (form.value === 'text' && asText === undefined) form.value = 'base64';
    text.value = form.value === 'text' ? (asText ?? '') : textOfValue(current);
    showForm();
    size();
  };
  form.addEventListener('change', fill);
  text.addEventListener('input', typed);
  file.addEventListener('change', () => void read().catch(() => undefined));
  showForm();
  return {
    root: element('div', { class: 'together' }, form, text, file, note),
    show(value) {
      if (value === current) return;
      current = value;
      if ((form.value as Form) !== 'file') fill();
      else size();
    },
    mark: (problems) =>
      setInvalid(
        text,
        problems.some(({ isAdvice }) => !isAdvice),
      ),
  };
}
