const FRAME = 0xfd2fb528;
/** The last four bits are free. */
const SKIPPABLE = 0x184d2a50;

const RLE_BLOCK = 1;

/** So many bytes are wanted, to be read or to be passed over; none, where a frame ends. */
interface Step {
  readonly bytes: number;
  readonly read: boolean;
}

const read = (bytes: number): Step => ({ bytes, read: true });
const skip = (bytes: number): Step => ({ bytes, read: false });
const END: Step = { bytes: 0, read: true };

/** @see https://www.rfc-editor.org/rfc/rfc8878#section-3 */
function* walk(): Generator<Step, void, Buffer> {
  for (;;) {
    const magic = (yield read(4)).readUInt32LE();
    if ((magic & ~0xf) === SKIPPABLE) yield skip((yield read(4)).readUInt32LE());
    // What it is instead is for the decompressor to say.
    else if (magic !== FRAME) return;
    else {
      const descriptor = (yield read(1)).readUInt8();
      const isSingle = (descriptor & 0x20) !== 0;
      const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
      const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
      yield skip((isSingle ? 0 : 1) + dictionaryBytes + sizeBytes);
      for (let isLast = false; !isLast;) {
        const block = (yield read(3)).readUIntLE(0, 3);
        isLast = (block & 1) === 1;
        yield skip(((block >> 1) & 3) === RLE_BLOCK ? 1 : block >> 3);
      }
      if ((descriptor & 4) !== 0) yield skip(4);
    }
    yield END;
  }
}

/**
 * Follows the frames of zstd by their headers. Node's decompressor ignores what follows a frame in the same write (as of
 * 24.21), and takes input that is cut off for whole (in 22.19).
 */
export class ZstdFrames {
  readonly #steps = walk();
  #step = this.#steps.next();
  /** Of the step, what has come: how many bytes, and which, if they are read. */
  #bytes = 0;
  #read = Buffer.alloc(0);
  #isWhole = true;

  /** Whether the input ends where a frame does. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Cuts a piece where frames end. */
  *split(piece: Buffer): Generator<Buffer, void, undefined> {
    let start = 0;
    for (let at = 0; at < piece.length && this.#step.done !== true;) {
      const step = this.#step.value;
      const bytes = piece.subarray(at, at + step.bytes - this.#bytes);
      at += bytes.length;
      this.#isWhole = false;
      this.#bytes += bytes.length;
      if (step.read) this.#read = Buffer.concat([this.#read, bytes]);
      if (this.#bytes === step.bytes && this.#advance()) {
        yield piece.subarray(start, at);
        start = at;
      }
    }
    if (start < piece.length) yield piece.subarray(start);
  }

  /** @returns Whether a frame has ended. */
  #advance(): boolean {
    do {
      const { bytes } = (this.#step = this.#steps.next(this.#read)).value ?? END;
      this.#bytes = 0;
      this.#read = Buffer.alloc(0);
      if (this.#step.done !== true && this.#step.value === END) this.#isWhole = true;
      else if (bytes > 0) break;
    } while (this.#step.done !== true);
    return this.#isWhole;
  }
}
