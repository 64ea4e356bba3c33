import { crc32 } from 'node:zlib';
import { CacheEntry, type StoredResponse } from './entry.ts';

/** `DEX` and the version of what follows. */
const magic = 0x44_45_58_01;
const headBytes = 12;

/**
 * An entry as bytes, for a store that keeps bytes: magic number, checksum, the length of the JSON that follows, and the
 * body.
 */
export function encodeEntry(entry: CacheEntry): Buffer {
  const { body, status, fields, requestedAt, respondedAt, selectors, credential, range, keepUntil } = entry;
  const meta: Omit<StoredResponse, 'body'> = {
    status,
    fields,
    requestedAt,
    respondedAt,
    selectors,
    credential,
    range,
    keepUntil,
  };
  const json = Buffer.from(JSON.stringify(meta));
  const encoded = Buffer.allocUnsafeSlow(headBytes + json.byteLength + body.byteLength);
  encoded.writeUInt32BE(magic, 0);
  encoded.writeUInt32BE(json.byteLength, 8);
  json.copy(encoded, headBytes);
  encoded.set(body, headBytes + json.byteLength);
  encoded.writeUInt32BE(crc32(encoded.subarray(8)), 4);
  return encoded;
}

/**
 * The entry that `encodeEntry` made the bytes of. It keeps the bytes: they must not change afterwards.
 *
 * @throws {TypeError} When they are not whole, changed, or of another version.
 */
export function decodeEntry(bytes: Uint8Array): CacheEntry {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWhole =
    buffer.byteLength >= headBytes &&
    buffer.readUInt32BE(0) === magic &&
    buffer.readUInt32BE(4) === crc32(buffer.subarray(8));
  if (!isWhole) throw new TypeError('A stored response is damaged, or of another version.');
  const bodyStart = headBytes + buffer.readUInt32BE(8);
  // The checksum vouches that it is what encodeEntry wrote.
  const meta: Omit<StoredResponse, 'body'> = JSON.parse(buffer.toString('utf8', headBytes, bodyStart));
  return new CacheEntry({ ...meta, range: meta.range ?? undefined, body: buffer.subarray(bodyStart) });
}
