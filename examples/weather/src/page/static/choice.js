/**
 * What the reader chose to see. It stands in the address, so that a view can be shared.
 *
 * @typedef {object} Choice
 * @property {string} station
 * @property {string} year Four digits, or `all`.
 * @property {string} reason Why rejects were set aside, or `all`.
 */

/**
 * What the page offers, by the radio buttons of that name.
 *
 * @param {'station' | 'year' | 'reason'} name
 */
export function offered(name) {
  const inputs = document.querySelectorAll(`input[name="${name}"]`);
  return [...inputs].map((input) => input.getAttribute('value') ?? '');
}

/** Reads the choice from the address; what the page does not offer becomes the first that it does. @returns {Choice} */
export function readChoice() {
  const asked = new URLSearchParams(location.search);
  /** @param {'station' | 'year' | 'reason'} name */
  const pick = (name) => {
    const values = offered(name);
    return values.find((value) => value === asked.get(name)) ?? values[0] ?? '';
  };
  return { station: pick('station'), year: pick('year'), reason: pick('reason') };
}

/** @param {Choice} choice */
export function writeChoice(choice) {
  const query = new URLSearchParams({ station: choice.station, year: choice.year });
  if (choice.reason !== 'all') query.set('reason', choice.reason);
  history.replaceState(null, '', `?${query}`);
}
