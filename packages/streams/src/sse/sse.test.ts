import { createServer } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, delay } from '../../test/sources.ts';
import { anyText } from '../../test/texts.ts';
import { fromSse, parse, pipe, type PipeSource, run, type SseMessage, toSse } from '../index.ts';
import { z } from 'zod';

const read = (source: Parameters<typeof fromSse>[0]) => Array.fromAsync(fromSse(source));
const bytes = (text: string, places: readonly number[]): Uint8Array[] =>
  cut([...Buffer.from(text)], places).map((piece) => Uint8Array.from(piece));

const oneLine = anyText().map((text) => text.replaceAll(/[\r\n\0]/g, ''));
const message = fc.record(
  { data: anyText(), event: oneLine, id: oneLine, retry: fc.nat() },
  { requiredKeys: ['data'] },
);

describe('server-sent events', () => {
  it('come back as they were written, whatever ends the lines and wherever the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(message),
        fc.array(fc.nat(400)),
        fc.constantFrom('\n', '\r\n', '\r'),
        async (messages, cuts, lineEnd) => {
          const text = (await Array.fromAsync(pipe(messages, toSse()))).join('').replaceAll('\n', lineEnd);
          let last: { id: string; retry?: number } = { id: '' };
          const expected = messages
            .map(({ data, event, ...rest }) => {
              last = { ...last, ...rest };
              return {
                event: event === undefined || event === '' ? 'message' : event,
                data: data.replaceAll(/\r\n|\r/g, '\n').toWellFormed(),
                ...last,
                id: last.id.toWellFormed(),
              };
            })
            .map((each) => ({ ...each, event: each.event.toWellFormed() }));
          expect(await read(bytes(`\uFEFF${text}`, cuts))).toEqual(expected);
        },
      ),
    ));
});

describe('fromSse', () => {
  it('reads the examples of the standard', async () => {
    expect(
      await read('data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\n'),
    ).toEqual([
      { event: 'message', data: 'This is the first message.', id: '' },
      { event: 'message', data: 'This is the second message, it\nhas two lines.', id: '' },
    ]);
    expect(
      await read(': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n'),
    ).toEqual([
      { event: 'message', data: 'first event', id: '1' },
      { event: 'message', data: 'second event', id: '' },
    ]);
    expect((await read('data\n\ndata\ndata\n\ndata:')).map(({ data }) => data)).toEqual(['', '\n']);
    expect((await read('data:test\n\ndata: test\n\n')).map(({ data }) => data)).toEqual(['test', 'test']);
  });

  it('keeps id and retry from events without data, and drops their type', async () => {
    expect(await read('event: a\nid: 1\nretry: 500\n\nretry: 1.5\nid: a\0b\ndata: x\nunknown: y\nDATA: z\n\n')).toEqual(
      [{ event: 'message', data: 'x', id: '1', retry: 500 }],
    );
  });

  it('takes one CRLF that is cut in two for one line end, and two CRs for two', async () => {
    expect(await read(['data: a\r', '\ndata: b\r', '\n\r', '\ndata: c\r\r'])).toMatchObject([
      { data: 'a\nb' },
      { data: 'c' },
    ]);
    expect(await read([Buffer.from('data: a\r'), Buffer.alloc(0), Buffer.from('\ndata: b\n\n')])).toMatchObject([
      { data: 'a\nb' },
    ]);
  });

  it('reads a response, each event as soon as it is there, and lets go of it', async () => {
    const closed = Promise.withResolvers<void>();
    const server = createServer((_, response) => {
      response.on('close', () => closed.resolve());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"tempMax":12.8}\n\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    const { body } = await fetch(`http://127.0.0.1:${address.port}`);
    if (body === null) throw new TypeError('no body');
    for await (const event of fromSse(body)) {
      expect(event.data).toBe('{"tempMax":12.8}');
      break;
    }
    await closed.promise;
    server.close();
  });

  it.each([
    ['data: ok\n\ndata: \xc3(\n\n', 'SSE at index 1, byte 16: a byte that is not UTF-8.'],
    ['\xffdata:\n\n', 'SSE at index 0, byte 0: a byte that is not UTF-8.'],
  ])('stops at bytes that are not UTF-8: %j', async (text, error) => {
    await expect(read(Buffer.from(text, 'latin1'))).rejects.toMatchObject({ code: 'DEX_FORMAT', message: error });
    const crumbs = [...Buffer.from(text, 'latin1')].map((byte) => Uint8Array.of(byte));
    await expect(read(crumbs)).rejects.toMatchObject({ code: 'DEX_FORMAT', message: error });
  });

  it('drops an event that is cut off inside of a character, as one that is cut off anywhere', async () => {
    expect(await read(Buffer.from('data: a\n\ndata: \xc3', 'latin1'))).toMatchObject([{ data: 'a' }]);
  });

  it.each(['x', 'data: x\n', ':', '\rdata:'])(
    'keeps the memory of an event that never ends bounded: %j',
    async (text) => {
      let given = 0;
      const piece = Buffer.from(text.repeat(65_536 / text.length));
      async function* endless() {
        yield 'data: ok\n\n';
        for (;;) {
          given += piece.length;
          yield piece;
        }
      }
      const got: string[] = [];
      const reading = (async () => {
        for await (const { data } of fromSse(endless())) got.push(data);
      })();
      await expect(reading).rejects.toThrow(
        `SSE at index 1, byte ${text.startsWith('\r') ? 11 : 10}: the event is longer than maxEventBytes.`,
      );
      expect(got).toEqual(['ok']);
      expect(given).toBeLessThan(2 * 2 ** 20);
    },
  );

  it('takes comments without end, and an event that comes in crumbs', async () => {
    const comments = Array.from({ length: 20 }, () => ': ping\n'.repeat(10_000));
    const crumbs = Array.from(`data: ${'x'.repeat(100_000)}\n\n`);
    const events = await read([...comments, ...crumbs]);
    expect(events).toEqual([{ event: 'message', data: 'x'.repeat(100_000), id: '' }]);
  });

  it('says where a refused event starts', async () => {
    const events = pipe(
      fromSse('data: 1\r\n\r\n: ü\r\n\r\nid: 2\r\ndata: x\r\n\r\n'),
      parse(z.object({ data: z.coerce.number() })),
    );
    await expect(run(events)).rejects.toThrow('index 1, byte 19: data');
  });

  it('names the file, where there is one', async () => {
    const file = {
      path: 'events.txt',
      *[Symbol.iterator]() {
        yield Buffer.from('data: x\n\n\xff\n', 'latin1');
      },
    };
    await expect(run(fromSse(file))).rejects.toMatchObject({ position: { file: 'events.txt', index: 1, byte: 9 } });
    const events = pipe(fromSse(file), parse(z.object({ data: z.coerce.number() })));
    await expect(run(events)).rejects.toMatchObject({ position: { file: 'events.txt', index: 0, byte: 0 } });
  });

  it('counts the bytes of a CRLF that is cut in two', async () => {
    const events = pipe(fromSse(['data: 1\r', '\n\r', '\ndata: x\n\n']), parse(z.object({ data: z.coerce.number() })));
    await expect(run(events)).rejects.toThrow('index 1, byte 11: data');
  });

  it('is left while it waits', async () => {
    async function* source() {
      yield 'data: 1\n\n';
      await delay(100_000);
    }
    await expect(run(fromSse(source()), undefined, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('refuses bounds that are none', () => {
    expect(() => fromSse('', { maxEventBytes: 0 })).toThrow('Option "fromSse.maxEventBytes" must be an integer from 1');
  });
});

describe('toSse', () => {
  it.each<[Partial<Record<keyof SseMessage, unknown>>, string]>([
    [{}, 'data must be a string, got undefined'],
    [{ data: { a: 1 } }, 'data must be a string, got object'],
    [{ data: '', event: 'a\nb' }, 'event must be one line'],
    [{ data: '', id: 'a\rb' }, 'id must be one line without a NUL'],
    [{ data: '', id: 'a\0b' }, 'id must be one line without a NUL'],
    [{ data: '', retry: 1.5 }, 'retry must be a whole number of milliseconds'],
    [{ data: '', retry: -1 }, 'retry must be a whole number of milliseconds'],
  ])('refuses %j', async (bad, reason) => {
    // @ts-expect-error not messages
    const messages: PipeSource<SseMessage> = [{ data: 'ok' }, bad];
    await expect(run(pipe(messages, toSse()))).rejects.toMatchObject({
      code: 'DEX_OPERATOR',
      message: `toSse (operator 1) failed at index 1: ${reason}`,
    });
  });
});
