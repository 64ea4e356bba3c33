import type { Automaton, State } from './automaton.ts';

/** Steps that one text may take: some tenths of a second. */
const mostSteps = 1e7;

/**
 * Whether an automaton finds something anywhere in a text, in time that grows with the length of the text: a state is not
 * tried twice at one place. Undefined when it takes too many steps, as what looks around may look at all of the text from
 * each of its places.
 */
export function search(automaton: Automaton, text: string): boolean | undefined {
  const places = automaton.states.length * (text.length + 1);
  if (places > mostSteps) return undefined;
  try {
    return new Search(automaton.states, text).run(automaton.start, 0, text.length);
  } catch (error) {
    if (error instanceof TooLong) return undefined;
    throw error;
  }
}

class TooLong extends Error {}

class Search {
  readonly #states: readonly State[];
  readonly #text: string;
  readonly #width: number;
  readonly #spare: Bits[] = [];
  #steps = 0;
  /** A look around costs more than its steps. */
  #stepCost = 1;

  constructor(states: readonly State[], text: string) {
    this.#states = states;
    this.#text = text;
    this.#width = text.length + 1;
  }

  /** Whether a state leads to acceptance from one of some places, from the first on. */
  run(from: number, first: number, last: number): boolean {
    const tried = this.#spare.pop() ?? new Bits(this.#states.length * this.#width);
    const found = this.#find(from, first, last, tried);
    tried.clear();
    this.#spare.push(tried);
    return found;
  }

  #find(from: number, first: number, last: number, tried: Bits): boolean {
    const waiting: number[] = [];
    for (let place = first; place <= last; place++) {
      if (isWithinPair(this.#text, place)) continue;
      waiting.push(from * this.#width + place);
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
        if (!tried.add(key)) continue;
        if ((this.#steps += this.#stepCost) > mostSteps) throw new TooLong();
        const at = key % this.#width;
        const state = this.#states[(key - at) / this.#width];
        if (state === undefined || state.do === 'accept') return true;
        if (state.do === 'fork') {
          for (let one = state.next.length - 1; one >= 0; one--) {
            waiting.push((state.next[one] ?? 0) * this.#width + at);
          }
          continue;
        }
        const to = this.#follow(state, at);
        if (to >= 0) waiting.push(state.next * this.#width + to);
      }
    }
    return false;
  }

  /** Where a state leads to, -1 for nowhere. */
  #follow(state: Exclude<State, { do: 'accept' | 'fork' }>, at: number): number {
    if (state.do === 'look') {
      this.#stepCost = 4;
      return this.run(state.start, at, at) === state.negative ? -1 : at;
    }
    if (state.do === 'place') {
      state.pattern.lastIndex = at;
      return state.pattern.test(this.#text) ? at : -1;
    }
    const to = state.behind ? before(this.#text, at) : after(this.#text, at);
    const code = to < 0 ? undefined : this.#text.codePointAt(Math.min(at, to));
    return code !== undefined && state.set.has(code) ? to : -1;
  }
}

function after(text: string, at: number): number {
  if (at >= text.length) return -1;
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}

function before(text: string, at: number): number {
  if (at === 0) return -1;
  return at > 1 && (text.codePointAt(at - 2) ?? 0) > 0xffff ? at - 2 : at - 1;
}

function isWithinPair(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
}

class Bits {
  readonly #words: Uint32Array;
  readonly #used: number[] = [];

  constructor(length: number) {
    this.#words = new Uint32Array(Math.ceil(length / 32));
  }

  /** Whether it was not there. */
  add(bit: number): boolean {
    const at = bit >>> 5;
    const word = this.#words[at] ?? 0;
    const flag = 1 << (bit & 31);
    if ((word & flag) !== 0) return false;
    if (word === 0) this.#used.push(at);
    this.#words[at] = word | flag;
    return true;
  }

  clear(): void {
    for (const at of this.#used) this.#words[at] = 0;
    this.#used.length = 0;
  }
}
