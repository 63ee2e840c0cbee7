import { emptyValue } from '../json/empty-value.js';
import type { Shape } from '../json/field-shape.js';
import type { Json } from '../json/json-value.js';
import { button, element } from '../view/element.js';
import { type ControlPlace, type FormControl, freshId, problemsUnder } from './form-control.js';
import { problemLine } from './problem-line.js';

/** More items than this are not shown: the JSON beside the form has them. */
const MAX_SHOWN = 100;

/** A list: its items with a button to remove each, and one to add another. */
export function listControl(item: Shape, place: ControlPlace): FormControl {
  const rows: { readonly root: HTMLElement; readonly control: FormControl; mark: FormControl['mark'] }[] = [];
  const list = element('ol', { class: 'items' });
  const more = element('p', { class: 'quiet', hidden: true });
  let items: readonly Json[] = [];

  const tell = (changed: readonly Json[]) => {
    items = changed;
    place.changed(changed.length === 0 ? undefined : changed);
  };
  const makeRow = (index: number) => {
    const itemId = freshId('item');
    const labelId = `${place.labelId} ${itemId}`;
    const problem = problemLine();
    const control = place.make(item, {
      ...place,
      labelId,
      describedBy: problem.root.id,
      canBeAbsent: false,
      depth: place.depth + 1,
      // A list has no holes: what is emptied is its zero.
      changed: (value) => tell(items.with(index, value ?? emptyValue(item))),
    });
    const remove = button('Remove', { class: 'small', 'aria-describedby': labelId }, () => {
      tell(items.filter((_, at) => at !== index));
      show(items);
      (rows[Math.min(index, rows.length - 1)]?.control.root ?? add).focus();
    });
    const root = element(
      'li',
      {},
      element('span', { id: itemId, class: 'item quiet' }, String(index + 1)),
      control.root,
      remove,
      problem.root,
    );
    const mark: FormControl['mark'] = (problems) => {
      control.mark(problems);
      problem.show(problems);
    };
    return { root, control, mark };
  };
  const show = (value: Json | undefined) => {
    items = Array.isArray(value) ? value : [];
    const shown = items.slice(0, MAX_SHOWN);
    while (rows.length > shown.length) rows.pop()?.root.remove();
    for (const [index, one] of shown.entries()) {
      if (rows[index] === undefined) {
        const row = makeRow(index);
        rows.push(row);
        list.append(row.root);
      }
      rows[index]?.control.show(one);
    }
    more.hidden = items.length <= MAX_SHOWN;
    more.textContent = `${items.length - MAX_SHOWN} more are in the JSON`;
  };
  const add = button('Add', { class: 'small', 'aria-describedby': place.labelId }, () => {
    tell([...items, emptyValue(item)]);
    show(items);
    const last = rows.at(-1)?.root.querySelector<HTMLElement>('input, textarea, select, summary');
    last?.focus();
  });
  return {
    root: element('div', { class: 'list', role: 'group', 'aria-labelledby': place.labelId }, list, more, add),
    show,
    mark(problems) {
      for (const [index, row] of rows.entries()) row.mark(problemsUnder(problems, String(index)));
    },
  };
}
