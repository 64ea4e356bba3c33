/**
 * Whether Python's `dateutil.parser.parse` makes a moment of a text. It takes much: `12pm`, `1/2/3`, `Monday`.
 *
 * What a text leaves out is there that of the day on which it is read, so that `31` can be read in half of the months; here
 * it is of January 2000, which takes every day. Digits are those of ASCII, and a text of more than 1,000 characters is none.
 *
 * @see https://dateutil.readthedocs.io/en/stable/parser.html
 */
export function isDateutilText(text: string): boolean {
  if (text.length > 1000) return false;
  try {
    return new DateText(tokensOf(text)).isDate();
  } catch (error) {
    if (error instanceof Unreadable) return false;
    throw error;
  }
}

class Unreadable extends Error {}

function refuse(): never {
  throw new Unreadable();
}

const isLetter = (character: string): boolean => /^\p{L}$/u.test(character);
const isDigit = (character: string): boolean => /^\d$/.test(character);
const isSpace = (character: string): boolean =>
  /^\s$/.test(character) ? character !== '\ufeff' : '\x1c\x1d\x1e\x1f\x85'.includes(character);
const areDigits = (token: string): boolean => /^\d+$/.test(token);

/** Words, numbers and single characters; a dot within may be of a number or between several tokens. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const characters = text.replaceAll('\0', '').match(/[\s\S]/gu) ?? [];
  for (let at = 0; at < characters.length;) {
    let token = characters[at++] ?? '';
    const isWord = isLetter(token);
    if (!isWord && !isDigit(token)) {
      tokens.push(isSpace(token) ? ' ' : token);
      continue;
    }
    let ofWord = isWord;
    let dotted = false;
    let letters = false;
    for (; at < characters.length; at++) {
      const next = characters[at] ?? '';
      letters ||= ofWord;
      const own = ofWord ? isLetter(next) : isDigit(next);
      if (!own && dotted && token.endsWith('.') && (ofWord ? isDigit(next) : isLetter(next))) ofWord = !ofWord;
      else if (next === '.' || (next === ',' && !ofWord && !dotted && token.length >= 2)) dotted = true;
      else if (!own) break;
      token += next;
    }
    if (dotted && (letters || token.split('.').length > 2 || /[.,]$/.test(token))) {
      const [first = '', ...more] = token.split(/([.,])/);
      tokens.push(ofWord ? first : first.replaceAll(',', '.'), ...more.filter((part) => part !== ''));
    } else tokens.push(dotted && !ofWord && !token.includes('.') ? token.replaceAll(',', '.') : token);
  }
  return tokens;
}

const jumps = new Set([
  ' ',
  '.',
  ',',
  ';',
  '-',
  '/',
  "'",
  'at',
  'on',
  'and',
  'ad',
  'm',
  't',
  'of',
  'st',
  'nd',
  'rd',
  'th',
]);
const weekdays = numbered('mon tue wed thu fri sat sun', 'monday tuesday wednesday thursday friday saturday sunday');
const months = numbered(
  'jan feb mar apr may jun jul aug sep oct nov dec',
  'january february march april may june july august september october november december',
).set('sept', 8);
const unitsOfTime = numbered('h m s', 'hour minute second', 'hours minutes seconds');
const halves = numbered('am pm', 'a p');
const zones = new Set(['utc', 'gmt', 'z']);

function numbered(...lists: readonly string[]): Map<string, number> {
  return new Map(lists.flatMap((list) => list.split(' ').map((name, at): [string, number] => [name, at])));
}

type Label = 'y' | 'm' | 'd';

/** Tokens on their way to a date. */
class DateText {
  readonly #tokens: string[];
  /** Numbers that are a year, a month or a day. */
  readonly #numbers: number[] = [];
  readonly #places = new Map<Label, number>();
  #century = false;
  #weekday = false;
  #hour: number | undefined;
  #minute = 0;
  #second = 0;
  /** Whether there is an hour, a minute or a second, were it 0. */
  #timed = false;
  #zone: string | undefined;
  #offset: number | undefined;

  constructor(tokens: string[]) {
    this.#tokens = tokens;
  }

  isDate(): boolean {
    for (let at = 0; at < this.#tokens.length; at++) at = this.#read(at);
    const { y: year, m: month = 1, d: day = 1 } = this.#resolve();
    if (this.#numbers.length === 0 && !this.#weekday && this.#hour === undefined && !this.#timed) return false;
    const full = year === undefined ? 2000 : year < 100 && !this.#century ? year + 2000 : year;
    return (
      full >= 1 &&
      full <= 9999 &&
      month >= 1 &&
      month <= 12 &&
      day >= 1 &&
      day <= daysIn(full, month) &&
      (this.#hour ?? 0) < 24 &&
      this.#minute < 60 &&
      this.#second < 60
    );
  }

  #at(index: number): string {
    return this.#tokens[index] ?? refuse();
  }

  #lower(index: number): string {
    return this.#tokens[index]?.toLowerCase() ?? '';
  }

  #isJump(index: number): boolean {
    return jumps.has(this.#lower(index));
  }

  /** Reads the token at a place, and answers at which the last one is that belongs to it. */
  #read(at: number): number {
    const token = this.#at(at);
    const lower = token.toLowerCase();
    if (/^\d+(?:\.\d+)?$/.test(token)) return this.#readNumber(at, token);
    // Python takes these for numbers, and then finds that they are none.
    if (/^(?:nan|inf|infinity)$/.test(lower)) return refuse();
    if (weekdays.has(lower)) {
      this.#weekday = true;
      return at;
    }
    const month = months.get(lower);
    if (month !== undefined) return this.#readMonth(at, month + 1);
    const half = halves.get(lower);
    if (half !== undefined) {
      if (this.#hour === undefined || this.#hour > 12) return refuse();
      this.#hour = hourOf(this.#hour, half);
      return at;
    }
    if (this.#isZone(token, this.#offset)) {
      this.#zone = token;
      this.#offset = zones.has(token) ? 0 : undefined;
      if (['+', '-'].includes(this.#tokens[at + 1] ?? '')) {
        this.#offset = undefined;
        if (zones.has(lower)) this.#zone = undefined;
      }
      return at;
    }
    if (this.#hour !== undefined && (token === '+' || token === '-')) return this.#readOffset(at);
    return this.#isJump(at) ? at : refuse();
  }

  #isZone(token: string, offset: number | undefined): boolean {
    const free = this.#hour !== undefined && this.#zone === undefined && offset === undefined;
    return free && (/^[A-Z]{1,5}$/.test(token) || token === 'z');
  }

  #readOffset(at: number): number {
    const token = this.#at(at + 1);
    let last = at + 1;
    if (token.length === 4) this.#offset = integer(token.slice(0, 2)) * 60 + integer(token.slice(2));
    else if (this.#tokens[at + 2] === ':') {
      this.#offset = integer(token) * 60 + integer(this.#at(at + 3));
      last = at + 3;
    } else if (token.length <= 2) this.#offset = integer(token) * 60;
    else return refuse();
    const [open, name = '', close] = this.#tokens.slice(last + 2, last + 5);
    const named = open === '(' && close === ')' && name.length >= 3 && this.#isJump(last + 1);
    if (!named || !this.#isZone(name, undefined)) return last;
    this.#zone = name;
    return last + 4;
  }

  #readMonth(at: number, month: number): number {
    this.#add(month, 'm');
    const separator = this.#tokens[at + 1];
    if (separator === '-' || separator === '/') {
      this.#addText(this.#at(at + 2));
      if (this.#tokens[at + 3] !== separator) return at + 2;
      this.#addText(this.#at(at + 4));
      return at + 4;
    }
    const [before, of, after, year] = this.#tokens.slice(at + 1, at + 5);
    if (year === undefined || before !== ' ' || after !== ' ' || of?.toLowerCase() !== 'of') return at;
    if (areDigits(year)) this.#add(Number(year) < 100 ? Number(year) + 2000 : Number(year), 'y');
    return at + 4;
  }

  #readNumber(at: number, token: string): number {
    const { length } = token;
    const value = Number(token);
    const next = this.#tokens[at + 1];
    const dot = token.indexOf('.');
    const unit = this.#unitAt(at);
    if (
      this.#numbers.length === 3 &&
      (length === 2 || length === 4) &&
      this.#hour === undefined &&
      next !== ':' &&
      !unitsOfTime.has(this.#lower(at + 1))
    ) {
      this.#hour = integer(token.slice(0, 2));
      if (length === 4) this.#minute = integer(token.slice(2));
    } else if (length === 6 || (length > 6 && dot === 6)) {
      const [first, second, third] = [token.slice(0, 2), token.slice(2, 4), token.slice(4)];
      if (this.#numbers.length === 0 && dot < 0) for (const part of [first, second, third]) this.#addText(part);
      else {
        this.#hour = integer(first);
        this.#minute = integer(second);
        this.#second = secondsOf(third);
      }
    } else if (length === 8 || length === 12 || length === 14) {
      this.#addText(token.slice(0, 4), 'y');
      this.#addText(token.slice(4, 6));
      this.#addText(token.slice(6, 8));
      if (length > 8) {
        this.#hour = integer(token.slice(8, 10));
        this.#minute = integer(token.slice(10, 12));
        this.#second = length > 12 ? integer(token.slice(12)) : this.#second;
      }
    } else if (unit !== undefined) {
      this.#assign(unit.unit, token, value);
      return unit.last;
    } else if (next === ':' && this.#tokens[at + 2] !== undefined) {
      this.#hour = Math.trunc(value);
      this.#assign(1, this.#at(at + 2), decimal(this.#at(at + 2)));
      if (this.#tokens[at + 3] !== ':' || this.#tokens[at + 4] === undefined) return at + 2;
      this.#second = secondsOf(this.#at(at + 4));
      return at + 4;
    } else if (next === '-' || next === '/' || next === '.') return this.#readParts(at, token, next);
    else if (next === undefined || this.#isJump(at + 1)) {
      const half = halves.get(this.#lower(at + 2));
      if (half === undefined) {
        this.#add(value);
        return at + 1;
      }
      this.#hour = hourOf(Math.trunc(value), half);
      return at + 2;
    } else if (halves.has(next.toLowerCase()) && value < 24) {
      this.#hour = hourOf(Math.trunc(value), halves.get(next.toLowerCase()) ?? 0);
      return at + 1;
    } else if (this.#couldBeDay(value)) this.#add(value);
    else return refuse();
    return at;
  }

  /** Such as `01-02`, `01-Feb-03`. */
  #readParts(at: number, token: string, separator: string): number {
    this.#addText(token);
    const second = this.#tokens[at + 2];
    if (second === undefined || this.#isJump(at + 2)) return at + 1;
    if (areDigits(second)) this.#addText(second);
    else this.#add((months.get(second.toLowerCase()) ?? refuse()) + 1, 'm');
    if (this.#tokens[at + 3] !== separator) return at + 2;
    const third = this.#at(at + 4);
    const month = months.get(third.toLowerCase());
    if (month === undefined) this.#addText(third);
    else this.#add(month + 1, 'm');
    return at + 4;
  }

  /** Whether a number is of hours, minutes or seconds, by a word after it or, as the next unit, before it. */
  #unitAt(at: number): { readonly unit: number; readonly last: number } | undefined {
    const unitOf = (index: number): number | undefined => unitsOfTime.get(this.#lower(index));
    const [near, far, before, beyond] = [unitOf(at + 1), unitOf(at + 2), unitOf(at - 1), unitOf(at - 2)];
    if (near !== undefined) return { unit: near, last: at + 1 };
    if (far !== undefined && this.#tokens[at + 1] === ' ') return { unit: far, last: at + 2 };
    if (before !== undefined) return { unit: before + 1, last: at };
    const isLast = at > 1 && at === this.#tokens.length - 1 && this.#tokens[at - 1] === ' ';
    return isLast && beyond !== undefined ? { unit: beyond + 1, last: at } : undefined;
  }

  #assign(unit: number, token: string, value: number): void {
    this.#timed = true;
    const rest = Math.trunc(60 * (value % 1));
    if (unit === 0) {
      this.#hour = Math.trunc(value);
      if (value % 1 > 0) this.#minute = rest;
    } else if (unit === 1) {
      this.#minute = Math.trunc(value);
      this.#second = rest;
    } else if (unit === 2) this.#second = secondsOf(token);
  }

  #couldBeDay(value: number): boolean {
    const [year, month] = [this.#placed('y'), this.#placed('m')];
    if (this.#places.has('d') || value < 1) return false;
    return value <= (month === undefined ? 31 : daysIn(year ?? 2000, month));
  }

  #placed(label: Label): number | undefined {
    return this.#numbers[this.#places.get(label) ?? -1];
  }

  #addText(text: string, label?: Label): void {
    const number = integer(text);
    if (areDigits(text) && text.length > 2) this.#addYear(number, label);
    else this.#place(number, label);
  }

  #add(number: number, label?: Label): void {
    if (number > 100) this.#addYear(Math.trunc(number), label);
    else this.#place(Math.trunc(number), label);
  }

  #addYear(number: number, label: Label | undefined): void {
    this.#century = true;
    if (label !== undefined && label !== 'y') refuse();
    this.#place(number, 'y');
  }

  #place(number: number, label: Label | undefined): void {
    this.#numbers.push(number);
    if (label === undefined) return;
    if (this.#places.has(label)) refuse();
    this.#places.set(label, this.#numbers.length - 1);
  }

  /** Which of the numbers is which. */
  #resolve(): { readonly [L in Label]?: number } {
    const numbers = this.#numbers;
    const [a = 0, b = 0, c = 0] = numbers;
    const places = new Map(this.#places);
    if (numbers.length === 3 && places.size === 2) {
      const label = (['y', 'm', 'd'] as const).find((one) => !places.has(one)) ?? 'd';
      places.set(label, [0, 1, 2].find((place) => ![...places.values()].includes(place)) ?? 0);
    }
    if (numbers.length === places.size) {
      return Object.fromEntries([...places].map(([label, place]) => [label, numbers[place]]));
    }
    const month = places.get('m');
    if (numbers.length > 3) return refuse();
    if (numbers.length === 1) return a > 31 ? { y: a } : { d: a };
    if (numbers.length === 2 && month !== undefined) {
      const other = month === 0 ? b : a;
      return { m: numbers[month] ?? 0, ...(other > 31 ? { y: other } : { d: other }) };
    }
    if (numbers.length === 2) return a > 31 ? { y: a, m: b } : b > 31 ? { m: a, y: b } : { m: a, d: b };
    if (month === 0) return b > 31 ? { m: a, y: b, d: c } : { m: a, d: b, y: c };
    if (month === 1) return a > 31 ? { y: a, m: b, d: c } : { d: a, m: b, y: c };
    if (month === 2) return b > 31 ? { d: a, y: b, m: c } : { y: a, d: b, m: c };
    if (a > 31 || places.get('y') === 0) return { y: a, m: b, d: c };
    return a > 12 ? { d: a, m: b, y: c } : { m: a, d: b, y: c };
  }
}

function integer(text: string): number {
  return areDigits(text) ? Number(text) : refuse();
}

function decimal(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : refuse();
}

/** Seconds without their fraction, which has to be one. */
function secondsOf(text: string): number {
  const [whole = '', fraction, ...more] = text.split('.');
  if (fraction !== undefined) integer(fraction);
  return more.length > 0 ? refuse() : integer(whole);
}

function hourOf(hour: number, half: number): number {
  if (half === 1 && hour < 12) return hour + 12;
  return half === 0 && hour === 12 ? 0 : hour;
}

function daysIn(year: number, month: number): number {
  if (month < 1 || month > 12) return refuse();
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}
