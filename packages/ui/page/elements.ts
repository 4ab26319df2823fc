type Child = Node | string | undefined;

/** Creates an element; strings become text, never HTML. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** An input with its label above it. */
export function field(label: string, input: HTMLElement): HTMLLabelElement {
  return make('label', {}, label, input);
}

/** Shows a message for a while. */
export function say(text: string, isBad = false): void {
  const said = document.getElementById('said')!;
  said.textContent = text;
  said.classList.toggle('bad', isBad);
  said.hidden = false;
  setTimeout(() => said.textContent === text && (said.hidden = true), isBad ? 20_000 : 8_000);
}
