import type { Transform } from 'node:stream';
import type { Zlib } from 'node:zlib';

export type ZlibStream = Transform & Zlib;

/**
 * Hands out what a stream makes of what `feed` writes. A write settles when its bytes are used up, and so when what came
 * of them has been taken, all but the last of it. An error of `feed` comes after everything that was made before it.
 */
export async function* through(
  stream: ZlibStream,
  feed: (write: (piece: string | Uint8Array) => Promise<void>) => Promise<void>,
  fail: (error: unknown) => unknown,
): AsyncGenerator<Buffer, void, undefined> {
  const write = (piece: string | Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  let failure: { readonly error: unknown } | undefined;
  const feeding = feed(write).then(
    () => void stream.end(),
    (error: unknown) => {
      failure = { error };
      stream.push(null);
    },
  );
  // The loop is told of errors; one that comes after it would end the process.
  stream.on('error', () => {});
  try {
    for await (const bytes of stream) yield bytes;
  } catch (error) {
    throw fail(error);
  } finally {
    stream.destroy();
  }
  await feeding;
  if (failure !== undefined) throw failure.error;
}
