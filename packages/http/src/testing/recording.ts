import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OptionError } from '@dataenginex/core';

/** A body as text where it is text, otherwise in base64; neither, where there is none. */
export interface RecordedBody {
  readonly body?: string | undefined;
  readonly base64?: string | undefined;
}

export interface RecordedRequest extends RecordedBody {
  readonly method: string;
  readonly url: string;
}

export interface RecordedResponse extends RecordedBody {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** The client broke it off here. */
  readonly aborted?: boolean | undefined;
}

export interface Exchange {
  readonly request: RecordedRequest;
  readonly response: RecordedResponse;
}

export function writeBody(bytes: Uint8Array, redact: (text: string) => string): RecordedBody {
  if (bytes.byteLength === 0) return {};
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isText = isUtf8(buffer) && !buffer.includes(0);
  return isText ? { body: redact(buffer.toString()) } : { base64: buffer.toString('base64') };
}

export function readBody({ body, base64 }: RecordedBody): Buffer {
  return base64 === undefined ? Buffer.from(body ?? '') : Buffer.from(base64, 'base64');
}

export function hasRecording(path: string): boolean {
  return existsSync(path);
}

/** @throws {OptionError} When there is no recording there. */
export function readRecording(path: string): readonly Exchange[] {
  const refuse = (wanted: string, cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OptionError('createRecorder.path', `${wanted} (${reason})`, path);
  };
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return refuse("the file of a recording, which `mode: 'record'` makes", error);
  }
  try {
    const { exchanges }: { exchanges: readonly Exchange[] } = JSON.parse(text);
    for (const { request, response } of exchanges) {
      if (typeof request.url !== 'string' || typeof response.status !== 'number')
        throw new Error('no URL or no status');
    }
    return exchanges;
  } catch (error) {
    return refuse('a file that holds a recording', error);
  }
}

/** In one step, so that a recording is never half there. */
export async function writeRecording(path: string, exchanges: readonly Exchange[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify({ exchanges }, undefined, 2)}\n`);
  await rename(temporary, path);
}
