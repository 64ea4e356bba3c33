import { checkFunction, checkInteger, OptionError } from '@dataenginex/core';
import { lockFile } from '@dataenginex/resources';
import { contentChunks } from './content.ts';
import { BodyError, BodyTooLargeError, ChecksumError, type HttpError, NetworkError, StatusError } from '../errors.ts';
import { redact, type RequestFacts } from '../facts.ts';
import { fieldOf, lengthOf, letGo, type Reply } from '../layers/message.ts';
import { PartFile, type Validator, validatorOf } from './part-file.ts';
import { pause } from '../layers/pause.ts';
import { perform, type RequestPlan } from '../perform.ts';
import { type OnProgress, ProgressMeter } from './progress.ts';

export interface DownloadOptions {
  /** What the file's SHA-256 must be, in hexadecimal. */
  sha256?: string | undefined;
  /** Whether to go on where a connection broke off, or an earlier call. @default true */
  resume?: boolean | undefined;
  /** How often in all a broken connection is gone on from. @default 100 */
  maxResumes?: number | undefined;
  /** How large the file may be. @default 16 GiB */
  maxBytes?: number | undefined;
  /** Told at most every 100 ms, and at the end; what was there before counts. */
  onProgress?: OnProgress | undefined;
}

/** A file that has been downloaded. */
export interface Download {
  readonly bytes: number;
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string;
  /** How much of it an earlier call had brought. */
  readonly resumedFrom: number;
  /** How often this call went on from a connection that broke. */
  readonly resumes: number;
}

/** Connections in a row that bring nothing. */
const maxFruitless = 4;

/** @throws {OptionError} */
export async function download(plan: RequestPlan, path: string, options: DownloadOptions): Promise<Download> {
  const { sha256, resume = true, maxResumes = 100, maxBytes = 16 * 2 ** 30, onProgress } = options;
  if (typeof path !== 'string' || path === '') throw new OptionError('download.path', 'the path of a file', path);
  if (sha256 !== undefined && !/^[\da-f]{64}$/i.test(sha256)) {
    throw new OptionError('download.sha256', '64 hexadecimal digits', sha256);
  }
  if (typeof resume !== 'boolean') throw new OptionError('download.resume', 'true or false', resume);
  checkInteger('download.maxResumes', maxResumes, { min: 0, max: Infinity });
  checkInteger('download.maxBytes', maxBytes, { min: 1, max: Infinity });
  checkFunction('download.onProgress', onProgress);
  const { method, headers, url } = plan.request;
  if (method !== 'GET') throw new OptionError('request.method', 'GET, to download a file', method);
  if (headers['range'] !== undefined) throw new OptionError('request.headers.range', 'left out of a download', 'one');

  const { signal } = plan;
  signal?.throwIfAborted();
  const lock = await lockFile(`${path}.part.lock`, { waitMs: 0, signal });
  try {
    const part = await PartFile.open(path, url, resume, signal);
    let isKept = resume;
    try {
      const transfer = new Transfer(plan, part, maxBytes, onProgress);
      const result = await transfer.run(resume ? maxResumes : 0);
      if (sha256 !== undefined && result.sha256 !== sha256.toLowerCase()) {
        throw new ChecksumError(transfer.facts, sha256.toLowerCase(), result.sha256, result.resumedFrom > 0);
      }
      await part.finish();
      isKept = true;
      return result;
    } catch (error) {
      if (error instanceof ChecksumError || error instanceof BodyTooLargeError) isKept = false;
      throw error;
    } finally {
      await part.close();
      if (!isKept || part.validator === undefined) await part.remove().catch(() => {}); // the first error is the one to tell
    }
  } finally {
    await lock.close();
  }
}

/** Brings what is missing of a part, over as many connections as it takes. */
class Transfer {
  readonly #plan: RequestPlan;
  readonly #part: PartFile;
  readonly #maxBytes: number;
  readonly #meter: ProgressMeter | undefined;
  #resumedFrom: number;
  #facts: RequestFacts;
  /** Bytes of this connection. */
  #came = 0;

  constructor(plan: RequestPlan, part: PartFile, maxBytes: number, onProgress: OnProgress | undefined) {
    const { url, method, headers } = plan.request;
    // as it is on the server, past any cache
    const plainHeaders = { ...headers, 'accept-encoding': 'identity', 'cache-control': 'no-store' };
    this.#plan = { ...plan, request: { ...plan.request, headers: plainHeaders }, throwHttpErrors: true };
    this.#part = part;
    this.#maxBytes = maxBytes;
    this.#meter = onProgress === undefined ? undefined : new ProgressMeter(onProgress);
    this.#resumedFrom = part.bytes;
    this.#facts = { method, url: redact(url), attempt: 1, repeatable: true };
  }

  /** Of the last attempt. */
  get facts(): RequestFacts {
    return this.#facts;
  }

  async run(maxResumes: number): Promise<Download> {
    const { signal, closing } = this.#plan;
    let resumes = 0;
    for (let fruitless = 0; ; resumes++) {
      this.#came = 0;
      const failure = await this.#receive();
      if (failure === undefined) break;
      fruitless = this.#came > 0 ? 0 : fruitless + 1;
      if (resumes >= maxResumes || fruitless >= maxFruitless) throw failure;
      await pause(Math.random() * 100 * 2 ** fruitless, [signal, closing]);
    }
    const { bytes } = this.#part;
    this.#meter?.ended(bytes);
    return { bytes, sha256: this.#part.sha256(), resumedFrom: this.#resumedFrom, resumes };
  }

  /** One connection. Resolves to what is to be thrown unless another one helps, or to nothing when all is there. */
  async #receive(): Promise<HttpError | undefined> {
    const part = this.#part;
    const from = part.validator === undefined ? 0 : part.bytes;
    let reply: Reply;
    try {
      reply = await perform(this.#planFrom(from), false);
    } catch (error) {
      if (!(error instanceof StatusError) || error.status !== 416 || from === 0) throw error;
      const isWhole = part.totalBytes === from && error.headers.get('content-range') === `bytes */${from}`;
      if (isWhole) return undefined;
      await this.#begin(undefined, undefined);
      return error;
    }
    this.#facts = reply.facts;
    try {
      const refusal = await this.#take(reply, from);
      if (refusal !== undefined) return refusal;
      for await (const chunk of contentChunks(reply, { ...this.#plan, decompress: false, progress: undefined })) {
        this.#checkSize(part.bytes + chunk.byteLength);
        await part.write(chunk);
        this.#came += chunk.byteLength;
        this.#meter?.moved(part.bytes, part.totalBytes);
      }
    } catch (error) {
      if (error instanceof NetworkError && error.retryable) return error;
      throw error;
    } finally {
      letGo(reply);
    }
    const { bytes, totalBytes = bytes } = part;
    if (bytes === totalBytes) return undefined;
    if (bytes > totalBytes) await this.#begin(undefined, undefined);
    return new NetworkError(reply.facts, new Error(`${bytes} bytes came of ${totalBytes}`));
  }

  /** Puts the part where the body begins. */
  async #take({ status, fields, facts }: Reply, from: number): Promise<HttpError | undefined> {
    const coding = fieldOf(fields, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
    if (coding !== 'identity') throw new BodyError(facts, `sent a body encoded as "${coding.slice(0, 100)}"`, '');
    if (status !== 206) {
      const totalBytes = lengthOf(fields);
      this.#checkSize(totalBytes ?? 0);
      await this.#begin(validatorOf(fields), totalBytes);
      return undefined;
    }
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(fieldOf(fields, 'content-range') ?? '') ?? [];
    const { validator, totalBytes } = this.#part;
    const now = validator === undefined ? undefined : fields[validator.header];
    const isSame = now === undefined || now === validator?.value;
    const isLong = total === undefined || total === '*' || Number(total) === (totalBytes ?? Number(total));
    if (from > 0 && Number(start) === from && isSame && isLong) {
      if (total !== undefined && total !== '*') this.#part.totalBytes = Number(total);
      this.#checkSize(this.#part.totalBytes ?? 0);
      return undefined;
    }
    await this.#begin(undefined, undefined);
    return new BodyError(facts, 'sent another part of the file than was asked for', '');
  }

  async #begin(validator: Validator | undefined, totalBytes: number | undefined): Promise<void> {
    this.#resumedFrom = 0;
    await this.#part.begin(validator, totalBytes);
  }

  #checkSize(bytes: number): void {
    if (bytes > this.#maxBytes) throw new BodyTooLargeError(this.#facts, this.#maxBytes);
  }

  #planFrom(from: number): RequestPlan {
    const { validator } = this.#part;
    if (from === 0 || validator === undefined) return this.#plan;
    const { request } = this.#plan;
    const headers = { ...request.headers, range: `bytes=${from}-`, 'if-range': validator.value };
    return { ...this.#plan, request: { ...request, headers } };
  }
}
