/** A regular expression as it is matched: what it captures and whether it is lazy does not matter. */
export type Node =
  /** One character. */
  | { readonly kind: 'set'; readonly source: string }
  /** A place between characters: `^`, `$`, `\b`, `\B`. */
  | { readonly kind: 'place'; readonly source: string }
  | { readonly kind: 'look'; readonly behind: boolean; readonly negative: boolean; readonly body: Node }
  | { readonly kind: 'all'; readonly parts: readonly Node[] }
  | { readonly kind: 'any'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly body: Node; readonly min: number; readonly max: number };

/**
 * Reads what `compileRegex` made, which is valid; undefined when it has a backreference, flags within, or
 * thousands of groups within each other.
 *
 * @param backreferences `loosely`: read for whatever their group may find, or nothing where it may have found none. What
 * is then found is more. Those that stand before the end of their group are not read.
 */
export function parseRegex({ source }: RegExp, backreferences?: 'loosely'): Node | undefined {
  try {
    const reader = new Reader(source, backreferences === 'loosely');
    const regex = reader.any();
    for (const { group, ways } of reader.references) if (isCertain(group, regex)) ways.length = 1;
    return regex;
  } catch (error) {
    // Groups within groups, deeper than calls may go.
    if (error instanceof Unreadable || error instanceof RangeError) return undefined;
    throw error;
  }
}

class Unreadable extends Error {}

/** Whether a group has found something wherever all is found. */
function isCertain(group: Node, within: Node): boolean {
  if (group === within) return true;
  if (within.kind === 'all') return within.parts.some((part) => isCertain(group, part));
  if (within.kind === 'repeat') return within.min > 0 && isCertain(group, within.body);
  return within.kind === 'look' && !within.behind && !within.negative && isCertain(group, within.body);
}

const isLook = (opening: string): boolean => /^\?<?[=!]$/.test(opening);

const atoms =
  /\\[pPu]\{[^}]*\}|\\[1-9]\d*|\\k<[^>]*>|\\u[\da-fA-F]{4}(?:\\u[dD][c-fC-F][\da-fA-F]{2})?|\\x..|\\c.|\[(?:\\[\s\S]|[^\]\\])*\]|\\?[\s\S]/uy;
const quantifiers = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y;
const groups = /\((\?<?[=!]|\?:|\?<[^>]*>|(?!\?))/y;

class Reader {
  readonly #source: string;
  readonly #loosely: boolean;
  /** Backreferences, and the ways to read each: for its group, or for nothing. */
  readonly references: { readonly group: Node; readonly ways: Node[] }[] = [];
  /** What captures, by number and by name. */
  readonly #groups = new Map<string, Node>();
  #captures = 0;
  #at = 0;

  constructor(source: string, loosely: boolean) {
    this.#source = source;
    this.#loosely = loosely;
  }

  any(): Node {
    const parts = [this.#all()];
    while (this.#source[this.#at] === '|') {
      this.#at++;
      parts.push(this.#all());
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'any', parts };
  }

  #all(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at] ?? '')) parts.push(this.#repeat());
    return { kind: 'all', parts };
  }

  #repeat(): Node {
    const body = this.#source[this.#at] === '(' ? this.#group() : this.#atom();
    const found = this.#take(quantifiers);
    if (found === undefined) return body;
    const [all, min = '', comma, max = ''] = found;
    if (!all.startsWith('{')) {
      return { kind: 'repeat', body, min: all.startsWith('+') ? 1 : 0, max: all.startsWith('?') ? 1 : Infinity };
    }
    const most = comma === '' ? Number(min) : max === '' ? Infinity : Number(max);
    return { kind: 'repeat', body, min: Number(min), max: most };
  }

  #group(): Node {
    const opening = this.#take(groups);
    // What is not known here is left to those who do: flags within a group.
    if (opening === undefined) throw new Unreadable();
    const [, how = ''] = opening;
    const number = how === '?:' || isLook(how) ? 0 : ++this.#captures;
    const body = this.any();
    this.#at++;
    if (number > 0) this.#groups.set(`${number}`, body).set(how.slice(2, -1), body);
    if (!isLook(how)) return body;
    return { kind: 'look', behind: how.includes('<'), negative: how.includes('!'), body };
  }

  #atom(): Node {
    const [source = ''] = this.#take(atoms) ?? [];
    if (/^(?:\^|\$|\\[bB])$/.test(source)) return { kind: 'place', source };
    if (!/^\\[1-9k]/.test(source)) return { kind: 'set', source };
    const group = this.#groups.get(/^\\(?:k<)?([^>]*)/.exec(source)?.[1] ?? '');
    if (!this.#loosely || group === undefined) throw new Unreadable();
    const ways: Node[] = [group, { kind: 'all', parts: [] }];
    this.references.push({ group, ways });
    return { kind: 'any', parts: ways };
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found !== null) this.#at = pattern.lastIndex;
    return found ?? undefined;
  }
}
