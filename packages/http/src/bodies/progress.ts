import { isStreamBody, type OutgoingBody } from '../layers/message.ts';

/** How far a body has come, in bytes on the wire: compressed ones, where it is compressed. */
export interface TransferProgress {
  readonly bytes: number;
  /** Undefined while the length is not known. */
  readonly totalBytes: number | undefined;
}

export type OnProgress = (progress: TransferProgress) => void;

const everyMs = 100;
const pieceBytes = 2 ** 16;

/**
 * Tells of progress ten times a second at most, and of the end in any case. What the callback throws is kept for the
 * end: in the middle of a body the connection would be blamed for it.
 */
export class ProgressMeter {
  readonly #report: OnProgress;
  #nextAt = 0;
  #thrown: { readonly error: unknown } | undefined;

  constructor(report: OnProgress) {
    this.#report = report;
  }

  moved(bytes: number, totalBytes: number | undefined): void {
    const now = performance.now();
    if (now < this.#nextAt) return;
    this.#nextAt = now + everyMs;
    try {
      this.#report({ bytes, totalBytes });
    } catch (error) {
      this.#thrown ??= { error };
      this.#nextAt = Infinity;
    }
  }

  ended(bytes: number): void {
    if (this.#thrown !== undefined) throw this.#thrown.error;
    this.#report({ bytes, totalBytes: bytes });
  }
}

/** The pieces, each told of once the next is asked for: then it has been taken. */
export async function* metered<T extends Uint8Array>(
  pieces: AsyncIterable<T>,
  totalBytes: number | undefined,
  meter: ProgressMeter,
): AsyncGenerator<T, void, undefined> {
  let bytes = 0;
  for await (const piece of pieces) {
    yield piece;
    bytes += piece.byteLength;
    meter.moved(bytes, totalBytes);
  }
  meter.ended(bytes);
}

/** The body, which tells of itself while it is sent; sent again it begins anew. */
export function withUploadProgress(body: OutgoingBody, onProgress: OnProgress): OutgoingBody {
  if (body === null || body.length === 0) return body;
  const progress = new ProgressMeter(onProgress);
  if (isStreamBody(body)) return { ...body, progress };
  const bytes = Buffer.from(body);
  return { replayable: true, length: bytes.byteLength, open: () => inPieces(bytes), progress };
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
