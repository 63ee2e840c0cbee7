import type { FieldProblem } from '../json/field-problem.js';
import { pathText } from '../json/json-value.js';
import { element } from '../view/element.js';
import { freshId } from './form-control.js';

export interface ProblemLine {
  readonly root: HTMLElement;
  /** Shows what is wrong with a value; nothing while it is fine. `deep`: also with what lies within it. */
  show(problems: readonly FieldProblem[], deep?: boolean): void;
}

/** The line below a control that says what is wrong. It is read with the control, and not by itself: a person who types is not interrupted. */
export function problemLine(): ProblemLine {
  const root = element('p', { id: freshId('problem'), class: 'problem', hidden: true });
  return {
    root,
    show(problems, deep = false) {
      const [first] = deep ? problems : problems.filter(({ path }) => path.length === 0);
      root.hidden = first === undefined;
      if (first === undefined) {
        root.textContent = '';
        return;
      }
      root.className = first.isAdvice ? 'problem advice' : 'problem';
      root.textContent = first.path.length === 0 ? first.text : `${pathText(first.path)}: ${first.text}`;
    },
  };
}
