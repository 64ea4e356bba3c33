import { checkInteger } from '@dataenginex/core';
import { FormatError } from '../errors.ts';
import { type Chunk, openChunks } from '../pipes/input.ts';
import type { Operator } from '../pipes/operator.ts';
import { type BytesSource, checkNoName, fileOf, piecesOf, toPieces } from '../bytes/pieces.ts';
import { openReader, type Pipe, pipeFrom } from '../pipes/pipe.ts';
import type { Position } from '../pipes/position.ts';
import type { Reader } from '../pipes/reader.ts';
import { type ServerSentEvent, SseLines } from './sse-lines.ts';
import { Utf8Decoder } from '../bytes/utf8.ts';

export interface SseOptions {
  /**
   * Bytes of one event at most: what an event that does not end may fill memory with.
   *
   * @default 1_048_576
   */
  maxEventBytes?: number | undefined;
}

/**
 * Reads server-sent events, such as the body of a `fetch`. Line ends may be LF, CRLF or CR, and pieces cut anywhere; an
 * event comes as soon as its blank line is there. It reads one response: connecting again is its caller's.
 *
 * ```ts
 * import { fromSse } from '@dataenginex/streams';
 *
 * const body = 'id: 7\ndata: {"tempMax":12.8}\n\n: still here\n\nevent: end\ndata\n\ndata: cut of';
 * await Array.fromAsync(fromSse(body));
 * // => [{ event: 'message', data: '{"tempMax":12.8}', id: '7' }, { event: 'end', data: '', id: '7' }]
 * ```
 *
 * As the standard has it, an event that is cut off by the end is dropped, and so are comments and unknown fields.
 *
 * @throws {OptionError} At once, when the source is none or an option is out of range.
 * @throws {FormatError} From the pipe: an event longer than `maxEventBytes`, a byte that is not UTF-8.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function fromSse(source: BytesSource, options: SseOptions = {}): Pipe<ServerSentEvent> {
  const { maxEventBytes = 1_048_576 } = options;
  checkInteger('fromSse.maxEventBytes', maxEventBytes, { min: 1 });
  checkNoName('fromSse', source);
  const pieces = piecesOf('fromSse', source);
  return pipeFrom(() => {
    const reader = openReader(pieces);
    return openChunks(readEvents(reader, new SseLines(maxEventBytes), fileOf(pieces)), new AbortController(), reader);
  });
}

async function* readEvents(
  reader: Reader<string | Uint8Array>,
  lines: SseLines,
  file: Pick<Position, 'file'>,
): AsyncGenerator<Chunk<ServerSentEvent>, void, undefined> {
  const decoder = new Utf8Decoder();
  let index = 0;
  for await (const piece of toPieces(reader)) {
    const { text, isBroken } = decoder.write(piece);
    const { events, starts, tooLong } = lines.add(text);
    const before = index;
    index += events.length;
    if (events.length > 0) {
      yield { items: events, position: (item) => ({ ...file, index: before + item, byte: starts[item] ?? 0 }) };
    }
    if (tooLong !== undefined) {
      throw new FormatError('SSE', { ...file, index, byte: tooLong }, 'the event is longer than maxEventBytes', '');
    }
    if (isBroken) throw new FormatError('SSE', { ...file, index, byte: lines.byte }, 'a byte that is not UTF-8', '');
  }
}

/** What `toSse` takes: a `ServerSentEvent`, or no more of it than there is to say. */
export interface SseMessage {
  readonly data: string;
  /** One line. @default 'message' */
  readonly event?: string | undefined;
  /** One line. Left out, readers keep the last. */
  readonly id?: string | undefined;
  /** Milliseconds that readers are to wait before they connect again. */
  readonly retry?: number | undefined;
}

/**
 * Turns messages into the text of server-sent events.
 *
 * ```ts
 * import { pipe, toSse } from '@dataenginex/streams';
 *
 * const messages = [{ data: 'rain,\nthen sun', id: '7' }, { event: 'end', data: '' }];
 * await Array.fromAsync(pipe(messages, toSse()));
 * // => ['id: 7\ndata: rain,\ndata: then sun\n\n', 'event: end\ndata: \n\n']
 * ```
 *
 * @throws {OperatorError} From the pipe, for what the format cannot hold: data that is not text, an event type or id with
 *   a line end, an id with a NUL, a `retry` that is not a whole number of milliseconds.
 */
export function toSse(): Operator<SseMessage, string> {
  return {
    name: 'toSse',
    fuse: (push, fail) => ({
      push(message) {
        const problem = problemOf(message);
        if (problem !== undefined) throw fail(new TypeError(problem));
        push(format(message));
      },
    }),
  };
}

function problemOf({ data, event = '', id = '', retry = 0 }: SseMessage): string | undefined {
  if (typeof data !== 'string') return `data must be a string, got ${typeof data}`;
  if (/[\r\n]/.test(event)) return 'event must be one line';
  if (/[\r\n\0]/.test(id)) return 'id must be one line without a NUL';
  return Number.isSafeInteger(retry) && retry >= 0 ? undefined : 'retry must be a whole number of milliseconds';
}

function format({ data, event = 'message', id, retry }: SseMessage): string {
  let text = event === 'message' ? '' : `event: ${event}\n`;
  if (id !== undefined) text += `id: ${id}\n`;
  if (retry !== undefined) text += `retry: ${retry}\n`;
  return `${text}data: ${data.replaceAll(/\r\n|\r|\n/g, '\ndata: ')}\n\n`;
}
