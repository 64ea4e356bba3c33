import { randomBytes } from 'node:crypto';
import { OptionError } from '@dataenginex/core';
import type { EncodedBody } from './request-body.ts';

/**
 * A form with files, which may be sent again. Names, file names and values are written as browsers write them.
 *
 * @throws {OptionError} When it is no FormData, or something in it could break out of its line.
 * @see https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
 */
export function encodeMultipart(form: FormData): EncodedBody {
  if (!(form instanceof FormData)) throw new OptionError('request.multipart', 'a FormData', typeof form);
  const boundary = `dex-${randomBytes(18).toString('hex')}`;
  const parts: (Buffer | Blob)[] = [];
  for (const [name, value] of form) {
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="${quoted('name', withCrlf(name))}"`;
    if (typeof value === 'string') parts.push(Buffer.from(`${head}\r\n\r\n${withCrlf(value)}\r\n`));
    else {
      const type = value.type === '' ? 'application/octet-stream' : value.type;
      if (!/^[\x20-\x7e]+$/.test(type)) throw refused('types of files', type);
      const fileHead = `${head}; filename="${quoted('file name', value.name)}"\r\ncontent-type: ${type}\r\n\r\n`;
      parts.push(Buffer.from(fileHead), value, Buffer.from('\r\n'));
    }
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  const length = parts.reduce((sum, part) => sum + (part instanceof Blob ? part.size : part.byteLength), 0);
  const open = async function* (): AsyncGenerator<Uint8Array> {
    for (const part of parts) {
      if (part instanceof Blob) yield* part.stream();
      else yield part;
    }
  };
  const bodyHeaders = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  return { body: { replayable: true, length, open }, bodyHeaders };
}

function withCrlf(text: string): string {
  return text.replaceAll(/\r\n|\r|\n/g, '\r\n');
}

const escapes: Readonly<Record<string, string>> = { '\r': '%0D', '\n': '%0A', '"': '%22' };

function quoted(what: string, text: string): string {
  // the standard lets it through, and parsers cut the name there
  if (text.includes('\0')) throw refused(`${what}s`, 'a NUL');
  return text.replaceAll(/[\r\n"]/g, (character) => escapes[character] ?? '');
}

function refused(what: string, got: string): OptionError {
  return new OptionError('request.multipart', `free of control characters in the ${what}`, got);
}
