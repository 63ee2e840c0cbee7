import type { DescMessage } from '@bufbuild/protobuf';
import { memberOf, shapeOfField, shapeText } from '../json/field-shape.js';
import { isMembers, type Json, type JsonMembers, membersFrom, withMember } from '../json/json-value.js';
import { isSetByService } from '../schema/field-help.js';
import { button, element } from '../view/element.js';
import { fieldRow } from './field-row.js';
import { type ControlPlace, type FormControl, problemsUnder } from './form-control.js';
import { oneofRow } from './oneof-row.js';
import { problemLine } from './problem-line.js';

/** Deeper than this, messages begin folded. */
const OPEN_DEPTH = 2;
/** How much of a folded message its line shows. */
const SUMMARY_LENGTH = 60;

/** A message as a field: absent, or folded, or its fields. These are made when they are first shown, so that a type may hold itself. */
export function messageControl(type: DescMessage, place: ControlPlace): FormControl {
  let inner: FormControl | undefined;
  let current: Json | undefined;
  const summary = element('summary', {});
  const remove = button('Remove', { class: 'small', 'aria-describedby': place.labelId }, () => {
    set(undefined);
    add.focus();
  });
  const body = element('div', { class: 'nested' });
  // An item of a list is removed from the list, a member of a choice by another choice.
  remove.hidden = !place.canBeAbsent;
  const fold = element('details', { hidden: true }, summary, body, remove);
  const folded = problemLine();
  const add = button('Add', { class: 'small', 'aria-describedby': place.labelId }, () => {
    set({});
    fold.open = true;
    summary.focus();
  });
  const set = (value: Json | undefined) => {
    place.changed(value);
    show(value);
  };
  const describe = () => {
    const text = JSON.stringify(current) ?? '';
    const cut = text.length > SUMMARY_LENGTH ? `${text.slice(0, SUMMARY_LENGTH)}…` : text;
    summary.textContent = fold.open ? type.name : `${type.name} ${cut}`;
  };
  const draw = () => {
    if (!fold.open || current === undefined) return;
    if (inner === undefined) {
      inner = membersControl(type, {
        ...place,
        depth: place.depth + 1,
        changed(value) {
          current = value ?? {};
          place.changed(current);
        },
      });
      body.append(inner.root);
    }
    inner.show(current);
  };
  const show = (value: Json | undefined) => {
    const isNew = current === undefined;
    current = value ?? undefined;
    add.hidden = current !== undefined;
    fold.hidden = current === undefined;
    if (current === undefined) {
      inner = undefined;
      body.replaceChildren();
    }
    if (
      isNew &&
      current !== undefined &&
      place.depth < OPEN_DEPTH &&
      Object.keys(current as object).length > 0
    )
      fold.open = true;
    describe();
    draw();
  };
  fold.addEventListener('toggle', () => {
    describe();
    draw();
  });
  return {
    root: element(
      'div',
      { class: 'message', role: 'group', 'aria-labelledby': place.labelId },
      add,
      fold,
      folded.root,
    ),
    show,
    mark(problems) {
      inner?.mark(problems);
      const isOpen = inner !== undefined && fold.open;
      folded.show(isOpen ? [] : problems.filter(({ path }) => path.length > 0), true);
    },
  };
}

/** The fields of a message, one below the other. Those that only the service sets are named and not asked for. */
export function membersControl(type: DescMessage, place: ControlPlace): FormControl {
  const order = type.fields.map(({ jsonName }) => jsonName);
  let members: JsonMembers = {};
  const set = (name: string | undefined, value: Json | undefined, without: readonly string[]) => {
    const cleared = membersFrom(Object.entries(members).filter(([key]) => !without.includes(key)));
    members = name === undefined ? cleared : withMember(cleared, name, value, order);
    place.changed(members);
  };
  const rows: { readonly row: FormControl; readonly names: readonly string[]; draw(): void }[] = [];
  const left: string[] = [];
  for (const member of type.members) {
    if (member.kind === 'oneof') {
      const row = oneofRow(member, place, () => members, set);
      const names = member.fields.flatMap(({ name, jsonName }) => [name, jsonName]);
      rows.push({ row, names, draw: () => row.show(undefined) });
    } else if (isSetByService(member)) {
      left.push(member.jsonName);
    } else {
      const row = fieldRow(member, place, (value) =>
        set(memberOf(member, members) ?? member.jsonName, value, []),
      );
      const draw = () => {
        const name = memberOf(member, members);
        row.show(name === undefined ? undefined : members[name]);
      };
      rows.push({ row, names: [member.name, member.jsonName], draw });
    }
  }
  const problem = problemLine();
  const notes: HTMLElement[] = [];
  if (rows.length === 0 && left.length === 0)
    notes.push(element('p', { class: 'quiet' }, `${type.name} has no fields.`));
  const extensions = place.schema.extensionsOf(type);
  if (extensions.length > 0) {
    const all = extensions.map((one) => `${one.jsonName} (${shapeText(shapeOfField(one))})`).join(', ');
    notes.push(element('p', { class: 'quiet note' }, `Extensions are written in the JSON: ${all}.`));
  }
  if (left.length > 0)
    notes.push(element('p', { class: 'quiet note' }, `Only the service sets ${left.join(', ')}.`));
  return {
    root: element('div', { class: 'members' }, problem.root, ...rows.map(({ row }) => row.root), ...notes),
    show(value) {
      members = isMembers(value) ? value : {};
      for (const { draw } of rows) draw();
    },
    mark(problems) {
      problem.show(problems);
      for (const { row, names } of rows) {
        // A choice looks itself for whose they are.
        row.mark(row.root.classList.contains('oneof') ? problems : problemsUnder(problems, ...names));
      }
    },
  };
}
