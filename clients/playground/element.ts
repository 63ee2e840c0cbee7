type Attributes = Readonly<Record<string, string | boolean | undefined>>;

/**
 * Makes an element. Strings become text nodes, never markup, so nothing that a service says can turn into HTML. An attribute
 * that is false or undefined is left out, one that is true is empty.
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

/** A button that does something. Whoever drops the button drops the listener. */
export function button(text: string, attributes: Attributes, onClick: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** A control with its name above it. */
export function field(name: string, control: HTMLElement, hint?: string): HTMLLabelElement {
  const parts = [element('span', {}, name), control];
  if (hint !== undefined) parts.splice(1, 0, element('small', { class: 'quiet' }, hint));
  return element('label', { class: 'field' }, ...parts);
}
