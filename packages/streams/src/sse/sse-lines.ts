/** An event as the browser's `EventSource` would dispatch it. */
export interface ServerSentEvent {
  /** Its type. */
  readonly event: string;
  /** Lines are parted by `\n`, whatever parted them on the way. */
  readonly data: string;
  /** The last id that was sent, with this event or before; to be sent as `Last-Event-ID` to go on from here. */
  readonly id: string;
  /** Milliseconds to wait before connecting again, once the server has said so. */
  readonly retry?: number | undefined;
}

interface FoundEvents {
  readonly events: readonly ServerSentEvent[];
  /** The byte at which each starts. */
  readonly starts: readonly number[];
  /** The byte at which an event starts that is out of bounds: the end of all reading. */
  readonly tooLong: number | undefined;
}

/** Finds events in text that comes in pieces. */
export class SseLines {
  readonly #maxBytes: number;
  /** The line that has not ended. */
  #rest = '';
  #restBytes = 0;
  /** Where it starts, and where the event does that it is in. */
  #byte = 0;
  #start: number | undefined;
  #hasBegun = false;
  /** After a CR at the end of a piece, whose LF may come with the next. */
  #isAfterReturn = false;
  #event = '';
  #data: string | undefined;
  #dataBytes = 0;
  #id = '';
  #retry: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Where the text ends that was added. */
  get byte(): number {
    return this.#byte + this.#restBytes;
  }

  add(text: string): FoundEvents {
    const events: ServerSentEvent[] = [];
    const starts: number[] = [];
    const fresh = this.#withoutStart(text);
    let tooLong: number | undefined;
    let at = 0;
    for (const { index, 0: end } of fresh.matchAll(/\r\n|\r|\n/g)) {
      const line = this.#rest + fresh.slice(at, index);
      const lineBytes = this.#restBytes + Buffer.byteLength(fresh.slice(at, index));
      at = index + end.length;
      this.#rest = '';
      this.#restBytes = 0;
      if (lineBytes + this.#dataBytes > this.#maxBytes) {
        tooLong = this.#start ?? this.#byte;
        break;
      }
      if (line !== '') {
        this.#start ??= this.#byte;
        this.#take(line, lineBytes);
      } else {
        if (this.#data !== undefined) {
          starts.push(this.#start ?? this.#byte);
          events.push(this.#dispatch(this.#data));
        }
        this.#begin();
      }
      this.#byte += lineBytes + end.length;
    }
    this.#rest += fresh.slice(at);
    this.#restBytes += Buffer.byteLength(fresh.slice(at));
    if (this.#restBytes + this.#dataBytes > this.#maxBytes) tooLong ??= this.#start ?? this.#byte;
    return { events, starts, tooLong };
  }

  /** The byte order mark, and the LF of a CR that came before it, are of no line. */
  #withoutStart(text: string): string {
    const isMark = !this.#hasBegun && text.startsWith('\uFEFF');
    const isEnd = this.#isAfterReturn && text.startsWith('\n');
    if (text !== '') {
      this.#hasBegun = true;
      this.#isAfterReturn = text.endsWith('\r');
    }
    if (isMark) this.#byte += 3;
    if (isEnd) this.#byte += 1;
    return isMark || isEnd ? text.slice(1) : text;
  }

  #take(line: string, lineBytes: number): void {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') {
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
      this.#dataBytes += lineBytes;
    } else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d{1,15}$/.test(value)) this.#retry = Number(value);
  }

  #dispatch(data: string): ServerSentEvent {
    const event = this.#event === '' ? 'message' : this.#event;
    const retry = this.#retry === undefined ? {} : { retry: this.#retry };
    return { event, data, id: this.#id, ...retry };
  }

  #begin(): void {
    this.#event = '';
    this.#data = undefined;
    this.#dataBytes = 0;
    this.#start = undefined;
  }
}
