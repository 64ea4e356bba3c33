import { type Automaton, automatonOf, type CharacterSet, type State } from './automaton.ts';
import type { Node } from './syntax.ts';

/**
 * How long a text may be for JavaScript's own engine, which tries ways to match one after the other, and some patterns have
 * far too many of them: `(a+)+$` 2ⁿ, `a+a+$` n³. Infinity for those whose ways do not multiply, which are almost all.
 *
 * The ways are those of the pattern's automaton through a text: exponentially many where a state leads to itself in two ways
 * by the same characters; a polynomial where one loop leads to another by characters that both can read.
 *
 * @see https://doi.org/10.1016/0304-3975(91)90381-B Weber and Seidl, On the degree of ambiguity of finite automata
 */
export function safeLength(regex: Node, { source, flags }: RegExp, ways = 1e6): number {
  const automaton = automatonOf(withoutLargeCounts(regex), flags, 2000);
  const degree =
    automaton === undefined ? Infinity : new Ambiguity(automaton, source, flags).degree(automaton.start, false);
  if (degree <= 1) return Infinity;
  return degree === Infinity ? 16 : Math.floor(ways ** (1 / degree));
}

/** Past this, a count is as good as none. */
const largeCount = 24;

function withoutLargeCounts(node: Node): Node {
  if (node.kind === 'look') return { ...node, body: withoutLargeCounts(node.body) };
  if (node.kind === 'all' || node.kind === 'any') return { ...node, parts: node.parts.map(withoutLargeCounts) };
  if (node.kind !== 'repeat') return node;
  const { min, max } = node;
  return {
    kind: 'repeat',
    body: withoutLargeCounts(node.body),
    min: min > largeCount ? 1 : min,
    max: max > largeCount ? Infinity : max,
  };
}

/** States that read, by how many ways without reading lead there: 2 is for more, too. */
type Ways = ReadonlyMap<number, number>;

/** One of a pattern's characters or their neighbours, or one of those that classes tell apart. */
const others = [0x1_00, 0x1_7f, 0x3_b1, 0x4_30, 0x20_28, 0x21_2a, 0x4e_2d, 0xac_00, 0xd8_00, 0x1_f6_00];

/** Where the search for a place to begin at is: it reads anything, and goes on anywhere. */
const anywhere = -1;
const mostStates = 1000;
const mostWays = 1e5;

class Ambiguity {
  readonly #states: readonly State[];
  readonly #multiline: boolean;
  readonly #probes: readonly number[];
  readonly #masks = new Map<CharacterSet, bigint>();
  readonly #ways = new Map<number, Ways | undefined>();

  constructor({ states }: Automaton, source: string, flags: string) {
    this.#states = states;
    this.#multiline = flags.includes('m');
    const own = Array.from(source, (character) => character.codePointAt(0) ?? 0).flatMap((code) => [
      code - 1,
      code,
      code + 1,
    ]);
    const ascii = Array.from({ length: 256 }, (_, code) => code);
    this.#probes = [...new Set([...ascii, ...own, ...others])].filter((code) => code >= 0 && code <= 0x10_ffff);
  }

  /** How many loops one after the other can share the characters of a text, as one power of its length each. */
  degree(start: number, isAnchored: boolean): number {
    const first = this.#waysFrom(start);
    if (first === undefined) return Infinity;
    const isSearch = !isAnchored && this.#isFree(start);
    const { reached, looks, isEndless } = this.#reach(start, first);
    if (isEndless) return Infinity;
    if (reached.length > mostStates) return Infinity;
    const next = new Map<number, Ways>(reached.map((state) => [state, this.#after(state)]));
    if (isSearch) next.set(anywhere, new Map([...first, [anywhere, 1]]));
    const loops = loopsOf(next);
    const looped = new Set(loops.flat());
    if (loops.some((loop) => this.#isAmbiguous(loop, next)) || this.#hasManyWays(first, next, looped)) return Infinity;
    const own = this.#longestChain(loops, next);
    const looking = [...looks].map(([look, isFirst]) => {
      const of = this.degree(look, true);
      return isFirst && !isSearch ? Math.max(of, own) : of === 0 ? own : own + of;
    });
    return Math.max(own, ...looking);
  }

  /** Ways from a state to those that read; undefined when a loop may read nothing, and so go round as often as it likes. */
  #waysFrom(start: number): Ways | undefined {
    if (this.#ways.has(start)) return this.#ways.get(start);
    this.#ways.set(start, undefined);
    const state = this.#states[start];
    const all = new Map<number, number>();
    if (state?.do === 'read') all.set(start, 1);
    else if (state !== undefined && state.do !== 'accept') {
      for (const next of state.do === 'fork' ? state.next : [state.next]) {
        const ways = this.#waysFrom(next);
        if (ways === undefined) return undefined;
        for (const [to, count] of ways) all.set(to, Math.min(2, count + (all.get(to) ?? 0)));
      }
    }
    this.#ways.set(start, all);
    return all;
  }

  #after(state: number): Ways {
    const of = this.#states[state];
    return (of?.do === 'read' ? this.#waysFrom(of.next) : undefined) ?? new Map();
  }

  /** All that can be reached, and what looks around on the way, with whether it does before anything is read. */
  #reach(start: number, first: Ways) {
    const looks = new Map<number, boolean>();
    const reached = new Set<number>();
    let isEndless = false;
    const seen = new Set<number>();
    const visit = (from: number, isFirst: boolean): void => {
      const waiting = [from];
      for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
        const state = this.#states[at];
        if (state === undefined || seen.has(at) || state.do === 'accept') continue;
        if (state.do === 'read' && isFirst) continue;
        seen.add(at);
        if (state.do === 'look') looks.set(state.start, isFirst);
        if (state.do === 'read') {
          reached.add(at);
          isEndless ||= this.#waysFrom(state.next) === undefined;
        }
        waiting.push(...(state.do === 'fork' ? state.next : [state.next]));
      }
    };
    visit(start, true);
    for (const state of first.keys()) visit(state, false);
    return { reached: [...reached], looks, isEndless };
  }

  /** Whether something can be read, or found, without an anchor at the beginning of the text. */
  #isFree(start: number, seen = new Set<number>()): boolean {
    const state = this.#states[start];
    if (state === undefined || state.do === 'read' || state.do === 'accept') return true;
    if (seen.has(start) || (state.do === 'place' && state.pattern.source === '^' && !this.#multiline)) return false;
    seen.add(start);
    return (state.do === 'fork' ? state.next : [state.next]).some((next) => this.#isFree(next, seen));
  }

  /** The probes that a state reads, as bits. */
  #mask(state: number): bigint {
    const of = this.#states[state];
    if (of?.do !== 'read') return (1n << BigInt(this.#probes.length)) - 1n;
    const known = this.#masks.get(of.set);
    if (known !== undefined) return known;
    const bits = this.#probes.map((code) => (of.set.has(code) ? '1' : '0')).join('');
    const mask = BigInt(`0b${bits}`);
    this.#masks.set(of.set, mask);
    return mask;
  }

  #meet(a: number, b: number): boolean {
    return (this.#mask(a) & this.#mask(b)) !== 0n;
  }

  /** Whether a loop leads from a state to itself in two ways by the same characters. */
  #isAmbiguous(loop: readonly number[], next: ReadonlyMap<number, Ways>): boolean {
    const own = new Set(loop);
    const after = (state: number): number[] => [...(next.get(state)?.keys() ?? [])].filter((to) => own.has(to));
    if (loop.some((state) => after(state).some((to) => next.get(state)?.get(to) === 2))) return true;
    const seen = new Set<string>();
    const waiting: (readonly [number, number])[] = loop.map((state) => [state, state]);
    for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
      const [a, b] = pair;
      for (const toA of after(a)) {
        for (const toB of after(b)) {
          if (!this.#meet(toA, toB)) continue;
          // Two ways that parted have met again.
          if (toA === toB && a !== b) return true;
          if (toA === toB || seen.size === seen.add(`${toA} ${toB}`).size) continue;
          waiting.push([toA, toB]);
        }
      }
    }
    return false;
  }

  /** Whether, beside loops, there are many ways for the same characters, as in `(a?){30}`. */
  #hasManyWays(first: Ways, next: ReadonlyMap<number, Ways>, looped: ReadonlySet<number>): boolean {
    const kinds = new Map<string, number>();
    const states = [...next.keys()].filter((state) => state !== anywhere);
    for (let probe = 0; probe < this.#probes.length; probe++) {
      const bit = BigInt(this.#probes.length - 1 - probe);
      kinds.set(states.map((state) => (this.#mask(state) >> bit) & 1n).join(''), probe);
    }
    for (const probe of kinds.values()) {
      const bit = BigInt(this.#probes.length - 1 - probe);
      const reads = (state: number): boolean => ((this.#mask(state) >> bit) & 1n) === 1n;
      const counts = new Map<number, number>();
      const count = (ways: Ways): number => {
        let total = 1;
        for (const [to, times] of ways) {
          if (to === anywhere || looped.has(to) || !reads(to) || total > mostWays) continue;
          const known = counts.get(to) ?? count(next.get(to) ?? new Map());
          counts.set(to, known);
          total += times * known;
        }
        return total;
      };
      if (count(first) > mostWays) return true;
    }
    return false;
  }

  #longestChain(loops: readonly (readonly number[])[], next: ReadonlyMap<number, Ways>): number {
    const lengths = new Map<readonly number[], number>();
    const lengthFrom = (loop: readonly number[]): number => {
      const known = lengths.get(loop);
      if (known !== undefined) return known;
      const after = loops.filter((other) => other !== loop && this.#shares(loop, other, next));
      const length = 1 + Math.max(0, ...after.map(lengthFrom));
      lengths.set(loop, length);
      return length;
    };
    return Math.max(0, ...loops.map(lengthFrom));
  }

  /** Whether one loop leads to another by characters that both read. */
  #shares(loop: readonly number[], other: readonly number[], next: ReadonlyMap<number, Ways>): boolean {
    const all = (states: readonly number[]): bigint => states.reduce((mask, state) => mask | this.#mask(state), 0n);
    const common = all(loop) & all(other);
    const reads = (state: number): boolean => (this.#mask(state) & common) !== 0n;
    const from = reachedFrom(loop.filter(reads), next, reads);
    return other.some((state) => from.has(state));
  }
}

function reachedFrom(
  states: readonly number[],
  next: ReadonlyMap<number, Ways>,
  takes: (state: number) => boolean,
): Set<number> {
  const all = new Set<number>();
  const waiting = [...states];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const to of next.get(at)?.keys() ?? []) {
      if (all.has(to) || !takes(to)) continue;
      all.add(to);
      waiting.push(to);
    }
  }
  return all;
}

/** States that lead to themselves, those together that lead to each other: Tarjan's strongly connected components. */
function loopsOf(next: ReadonlyMap<number, Ways>): readonly (readonly number[])[] {
  const loops: number[][] = [];
  const order = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const visit = (state: number): number => {
    let least = order.size;
    order.set(state, least);
    open.push(state);
    isOpen.add(state);
    for (const to of next.get(state)?.keys() ?? []) {
      if (!order.has(to)) least = Math.min(least, visit(to));
      else if (isOpen.has(to)) least = Math.min(least, order.get(to) ?? least);
    }
    if (least !== order.get(state)) return least;
    const loop = open.splice(open.indexOf(state));
    for (const one of loop) isOpen.delete(one);
    if (loop.length > 1 || next.get(state)?.has(state) === true) loops.push(loop);
    return least;
  };
  for (const state of next.keys()) if (!order.has(state)) visit(state);
  return loops;
}
