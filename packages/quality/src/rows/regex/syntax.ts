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

/** Reads what `compileRegex` made, which is valid; undefined when it has a backreference, or flags within. */
export function parseRegex({ source }: RegExp): Node | undefined {
  try {
    return new Reader(source).any();
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Unreadable extends Error {}

const atoms =
  /\\[pPu]\{[^}]*\}|\\u[\da-fA-F]{4}(?:\\u[dD][c-fC-F][\da-fA-F]{2})?|\\x..|\\c.|\[(?:\\[\s\S]|[^\]\\])*\]|\\?[\s\S]/uy;
const quantifiers = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y;
const groups = /\((\?<?[=!]|\?:|\?<[^>]*>|(?!\?))/y;

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
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
    const body = this.any();
    this.#at++;
    const [, how = ''] = opening;
    if (!/^\?<?[=!]$/.test(how)) return body;
    return { kind: 'look', behind: how.includes('<'), negative: how.includes('!'), body };
  }

  #atom(): Node {
    const [source = ''] = this.#take(atoms) ?? [];
    if (/^(?:\^|\$|\\[bB])$/.test(source)) return { kind: 'place', source };
    if (/^\\[1-9k]/.test(source)) throw new Unreadable();
    return { kind: 'set', source };
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found !== null) this.#at = pattern.lastIndex;
    return found ?? undefined;
  }
}
