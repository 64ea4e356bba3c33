import { Readable } from 'node:stream';
import { concat } from './concat.ts';

/** A body on its way to its reader, while a copy of it is made. */
export interface CopiedBody {
  readonly body: Readable;
  /** Others wait for the copy: the source is read as fast as it comes, and to its end, whatever the reader does. */
  hurry(): void;
  /** Nobody does any more. */
  relax(): void;
}

/**
 * Copies up to `maxBytes` of a body that is read. The reader sets the pace, but while others wait for the copy the body is
 * read ahead of the reader, by `maxBytes` at most. A body that is longer, or breaks off, gives no copy.
 *
 * @param onCopy Told once: of the copy when it is whole, or of `undefined` as soon as there will be none.
 */
export function copyBody(
  source: Readable,
  maxBytes: number,
  onCopy: (body: Uint8Array | undefined) => void,
): CopiedBody {
  let chunks: Uint8Array[] | undefined = [];
  let length = 0;
  let isHurried = false;
  let isLeft = false;

  const settle = (copy: Uint8Array | undefined): void => {
    if (chunks === undefined) return;
    chunks = undefined;
    onCopy(copy);
  };
  /** Whether the source goes on without a reader that wants more. */
  const goesOn = (): boolean => isHurried && chunks !== undefined;
  const endUnread = (): void => {
    if (isLeft && !goesOn()) source.destroy();
  };
  const body = new Readable({
    read: () => void source.resume(),
    destroy(error, callback) {
      isLeft = true;
      if (goesOn()) source.resume();
      else endUnread();
      callback(error);
    },
  });
  body.on('error', () => {}); // its reader is told; without a reader it must not end the process

  source.on('data', (chunk: Uint8Array) => {
    length += chunk.byteLength;
    if (length > maxBytes) settle(undefined);
    else chunks?.push(new Uint8Array(chunk)); // its own: the reader may change what it gets
    if (isLeft) endUnread();
    else if (!body.push(chunk) && !goesOn()) source.pause();
  });
  source.once('end', () => {
    if (!isLeft) body.push(null);
    settle(chunks?.length === 1 ? chunks[0] : concat(chunks ?? []));
  });
  const close = (): void => {
    settle(undefined);
    if (!source.readableEnded) body.destroy(source.errored ?? undefined);
  };
  source.on('error', () => {}); // is told when it closes
  source.once('close', close);
  source.pause();
  if (source.closed) close(); // it broke off before anybody listened
  return {
    body,
    hurry() {
      isHurried = true;
      if (goesOn()) source.resume();
    },
    relax() {
      isHurried = false;
      endUnread();
    },
  };
}
