type Attributes = Readonly<Record<string, string | boolean | undefined>>;

/**
 * Creates an element. Strings become text nodes, never markup, so no text of a service can become HTML. An attribute
 * that is false or undefined is omitted, one that is true is empty.
 */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(attribute, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** Creates a button that calls `onClick`. */
export function button(text: string, attributes: Attributes, onClick: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** Creates a control with a label above it. */
export function field(name: string, control: HTMLElement, hint?: string): HTMLLabelElement {
  const parts = [element('span', {}, name), control];
  if (hint !== undefined) parts.splice(1, 0, element('small', { class: 'quiet' }, hint));
  return element('label', { class: 'field' }, ...parts);
}
