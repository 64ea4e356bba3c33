/**
 * Makes an element. Strings become text, never markup: what upstreams send is shown here.
 *
 * @param {string} tag
 * @param {Readonly<Record<string, string>>} attributes
 * @param {readonly (Node | string)[]} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * The one element that must be in the page.
 *
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function find(selector) {
  const element = document.querySelector(selector);
  if (element instanceof HTMLElement) return element;
  throw new Error(`The page has no ${selector}.`);
}

/**
 * Sets an element's text, and leaves the document alone where it is the same.
 *
 * @param {string} selector
 * @param {string} text
 */
export function say(selector, text) {
  const element = find(selector);
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Checks the radio button with the value.
 *
 * @param {string} name
 * @param {string} value
 */
export function check(name, value) {
  const input = document.querySelector(`input[name="${name}"][value="${value}"]`);
  if (input instanceof HTMLInputElement) input.checked = true;
}
