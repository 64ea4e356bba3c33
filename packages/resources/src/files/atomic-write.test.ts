import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import { atomicWrite, removeLeftovers, WriteError } from '../index.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'));
  path = join(folder, 'data.txt');
});
afterEach(async () => rm(folder, { recursive: true }));

const content = async (): Promise<string> => readFile(path, 'utf8');
const writer = (...args: string[]): string[] => [
  '--import',
  'tsx',
  '--conditions=@dataenginex/source',
  'test/writer.ts',
  ...args,
];
const cwd = new URL('../..', import.meta.url);

/** A file system of its own, in memory; `undefined` where that is not allowed. */
function mount(target: string, size: string) {
  const succeeds = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
  if (!succeeds('mount', '-t', 'tmpfs', '-o', size, 'tmpfs', target)) return undefined;
  return {
    path: target,
    remountReadOnly: () => expect(succeeds('mount', '-o', 'remount,ro', target)).toBe(true),
    unmount: () => expect(succeeds('umount', target)).toBe(true),
  };
}

describe('atomicWrite', () => {
  it.each<[string, () => Parameters<typeof atomicWrite>[1]]>([
    ['text', () => 'äb€c'],
    ['bytes', () => new TextEncoder().encode('äb€c')],
    ['an array of chunks', () => ['ä', new TextEncoder().encode('b€'), '', 'c']],
    ['a stream', () => Readable.from(['ä', 'b€c'])],
    ['a web stream', () => ReadableStream.from(['äb', '€c'])],
  ])('writes %s', async (_name, data) => {
    await atomicWrite(path, data());
    expect(await content()).toBe('äb€c');
    expect(await readdir(folder)).toEqual(['data.txt']);
  });

  it('writes nothing as an empty file', async () => {
    await atomicWrite(path, []);
    expect(await content()).toBe('');
  });

  it('writes much text, with characters cut in two by the chunks', async () => {
    const text = '🌧'.repeat(100_000);
    const chunks = Array.from({ length: 4 }, (_, index) => text.slice(index * 65_537, (index + 1) * 65_537));
    await atomicWrite(path, chunks);
    expect((await content()) === chunks.join('')).toBe(true);
  });

  it('replaces what is there, and keeps its permissions', async () => {
    await writeFile(path, 'a longer old text', { mode: 0o600 });
    await atomicWrite(path, 'new');
    expect(await content()).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('sets the mode it is given, whatever the umask', async () => {
    await atomicWrite(path, 'x', { mode: 0o666 });
    expect((await stat(path)).mode & 0o777).toBe(0o666);
  });

  it('replaces a symbolic link and leaves its target', async () => {
    const target = join(folder, 'target.txt');
    await writeFile(target, 'target');
    await symlink(target, path);
    await atomicWrite(path, 'new');
    expect(await content()).toBe('new');
    expect(await readFile(target, 'utf8')).toBe('target');
  });

  it('flushes the file before its name is the new one, and the folder after, and stops when aborted between', async () => {
    const probe = await open(folder);
    await probe.close();
    const handles: FileHandle = Object.getPrototypeOf(probe);
    const flushed: [string, string | undefined][] = [];
    const controller = new AbortController();
    using _spy = vi.spyOn(handles, 'sync').mockImplementation(async function sync(this: FileHandle) {
      const kind = (await this.stat()).isDirectory() ? 'folder' : 'file';
      flushed.push([kind, await content().catch(() => undefined)]);
      if (flushed.length > 2) controller.abort(new Error('stopped'));
    });
    await atomicWrite(path, 'new');
    expect(flushed).toEqual([
      ['file', undefined],
      ['folder', 'new'],
    ]);
    await expect(atomicWrite(path, 'newer', { signal: controller.signal })).rejects.toThrow('stopped');
    expect(await readdir(folder)).toEqual(['data.txt']);
    expect(await content()).toBe('new');
  });

  it('lets writers of one path work at the same time: one of them wins whole', async () => {
    const texts = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(200_000));
    await Promise.all(texts.map((text) => atomicWrite(path, Readable.from([text.slice(0, 9), text.slice(9)]))));
    expect(texts).toContain(await content());
    expect(await readdir(folder)).toEqual(['data.txt']);
  });

  it('leaves the old file and nothing else when the source fails, and passes on its error', async () => {
    await writeFile(path, 'old');
    const error = new Error('upstream');
    const source = async function* () {
      yield 'x'.repeat(100_000);
      throw error;
    };
    await expect(atomicWrite(path, source())).rejects.toBe(error);
    expect(await content()).toBe('old');
    expect(await readdir(folder)).toEqual(['data.txt']);
  });

  it('refuses chunks that are no data, and closes the source', async () => {
    let closed = false;
    const source = function* () {
      try {
        yield 5;
      } finally {
        closed = true;
      }
    };
    // @ts-expect-error a number is not a chunk
    await expect(atomicWrite(path, source())).rejects.toThrow('Option "atomicWrite.data" must be text, bytes');
    expect(closed).toBe(true);
    closed = false;
    const { signal } = new AbortController();
    // @ts-expect-error a number is not a chunk
    await expect(atomicWrite(path, source(), { signal })).rejects.toThrow('Option "atomicWrite.data" must be');
    expect(closed).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([undefined, null, 5, { rows: 1 }])('refuses %s as data, and leaves the old file', async (data) => {
    await atomicWrite(path, 'old');
    // @ts-expect-error neither text nor bytes, nor an iterable of them
    await expect(atomicWrite(path, data)).rejects.toThrow('Option "atomicWrite.data" must be text, bytes');
    expect(await content()).toBe('old');
    expect(await readdir(folder)).toEqual(['data.txt']);
  });

  it.each([0o1000, -1, 0.5, NaN])('refuses the mode %s', async (mode) => {
    await expect(atomicWrite(path, 'x', { mode })).rejects.toThrow(
      'Option "atomicWrite.mode" must be an integer from 0',
    );
  });
});

describe('atomicWrite on a disk that refuses', () => {
  it('names the path and the cause: no such folder, a folder in the way, a file for a folder', async () => {
    const lost = join(folder, 'nowhere', 'data.txt');
    const error = await atomicWrite(lost, 'x').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WriteError);
    expect(error).toMatchObject({ code: 'DEX_WRITE', path: lost, cause: { code: 'ENOENT' } });
    expect(error).toHaveProperty('message', expect.stringContaining(`Could not write ${lost}: ENOENT: no such file`));

    await mkdir(path);
    await expect(atomicWrite(path, 'x')).rejects.toMatchObject({ code: 'DEX_WRITE', path, cause: { code: 'EISDIR' } });
    expect(await readdir(folder)).toEqual(['data.txt']);

    await writeFile(join(folder, 'file'), '');
    await expect(atomicWrite(join(folder, 'file', 'data.txt'), 'x')).rejects.toMatchObject({
      cause: { code: 'ENOTDIR' },
    });
  });

  it.runIf(process.platform === 'linux')('removes the temporary file when there is no room for it', async () => {
    await writeFile(path, 'old');
    // A limit on file sizes stands for a full disk: the write comes back short, and the next one fails.
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'trap "" XFSZ; ulimit -f 2048; exec "$0" "$@"', process.execPath, ...writer(path, 'once')],
      { cwd, encoding: 'utf8' },
    );
    expect(stdout).toBe(`WriteError Could not write ${path}: EFBIG: file too large, write`);
    expect(await content()).toBe('old');
    expect(await readdir(folder)).toEqual(['data.txt']);
  });

  it('leaves the old file and nothing else on a disk that is full', async (context) => {
    const disk = mount(folder, 'size=256k') ?? context.skip('needs root on Linux, to mount a file system');
    const full = join(disk.path, 'data.txt');
    try {
      await atomicWrite(full, 'old');
      for (const data of [new Uint8Array(2 ** 20), Array.from({ length: 100 }, () => 'x'.repeat(10_000))]) {
        const error = await atomicWrite(full, data).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(WriteError);
        expect(error).toMatchObject({ path: full, cause: { code: 'ENOSPC' } });
        expect(error).toHaveProperty('message', `Could not write ${full}: ENOSPC: no space left on device, write`);
        expect(await readdir(disk.path)).toEqual(['data.txt']);
        expect(await readFile(full, 'utf8')).toBe('old');
      }
      await atomicWrite(full, 'new'); // the room was given back
      expect(await readFile(full, 'utf8')).toBe('new');
    } finally {
      disk.unmount();
    }
  });

  it('leaves the old file and nothing else on a disk that is read-only', async (context) => {
    const disk = mount(folder, 'size=256k') ?? context.skip('needs root on Linux, to mount a file system');
    const fixed = join(disk.path, 'data.txt');
    try {
      await atomicWrite(fixed, 'old');
      disk.remountReadOnly();
      await expect(atomicWrite(fixed, 'new')).rejects.toMatchObject({
        name: 'WriteError',
        path: fixed,
        cause: { code: 'EROFS' },
      });
      expect(await readdir(disk.path)).toEqual(['data.txt']);
      expect(await readFile(fixed, 'utf8')).toBe('old');
    } finally {
      disk.unmount();
    }
  });

  it.runIf(process.platform === 'linux')('says when the folder may not be written to', async () => {
    await writeFile(path, 'old');
    await chmod(folder, 0o555);
    const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {}; // root may write everywhere
    const { stdout } = spawnSync(process.execPath, writer(path, 'once'), { cwd, encoding: 'utf8', ...nobody });
    await chmod(folder, 0o755);
    expect(stdout).toContain(`WriteError Could not write ${path}: EACCES: permission denied`);
    expect(await content()).toBe('old');
  });
});

describe('aborting atomicWrite', () => {
  it('does nothing when aborted before', async () => {
    await expect(atomicWrite(path, 'x', { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    expect(await readdir(folder)).toEqual([]);
  });

  it('rejects at once while it waits for the source, and removes the temporary file', async () => {
    await writeFile(path, 'old');
    const { controller, listeners } = countedController();
    let returned = false;
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => new Promise(() => {}),
        return: async () => {
          returned = true;
          return new Promise(() => {});
        },
      }),
    };
    const writing = atomicWrite(path, source, { signal: controller.signal });
    await setTimeout(20);
    expect(await readdir(folder)).toHaveLength(2);
    controller.abort('enough');
    await expect(writing).rejects.toBe('enough');
    expect(returned).toBe(true);
    expect(await readdir(folder)).toEqual(['data.txt']);
    expect(await content()).toBe('old');
    expect(listeners()).toBe(0);
  });

  it.each([0, 1, 2, 4, 8])('rejects when it aborts while the file is being opened, step %i', async (steps) => {
    const controller = new AbortController();
    const source: AsyncIterable<string> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const writing = expect(atomicWrite(path, source, { signal: controller.signal })).rejects.toBe('enough');
    for (let step = 0; step < steps; step += 1) await setImmediate();
    controller.abort('enough');
    await writing;
    expect(await readdir(folder)).toEqual([]);
  });

  it('rejects with the reason whatever the source throws as it is closed', async () => {
    const controller = new AbortController();
    const source: Iterable<string> = {
      [Symbol.iterator]: () => ({
        next: () => {
          controller.abort('enough');
          return { value: 'a', done: false };
        },
        return: () => {
          throw new Error('closing failed');
        },
      }),
    };
    await expect(atomicWrite(path, source, { signal: controller.signal })).rejects.toBe('enough');
  });

  it('stops between the pieces of large data', async () => {
    const { controller, listeners } = countedController();
    const writing = atomicWrite(path, new Uint8Array(64 * 2 ** 20), { signal: controller.signal });
    const rejected = expect(writing).rejects.toBe('enough');
    let largest = 0;
    for (let [name] = await readdir(folder); name !== undefined || largest === 0; [name] = await readdir(folder)) {
      if (name !== undefined)
        largest = Math.max(largest, (await stat(join(folder, name)).catch(() => null))?.size ?? 0);
      if (largest > 0) controller.abort('enough');
    }
    await rejected;
    expect(largest).toBeLessThan(64 * 2 ** 20);
    expect(listeners()).toBe(0);
  });

  it('stops a source that never ends, and closes it', async () => {
    const controller = new AbortController();
    const begun = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const source = async function* () {
      try {
        for (;;) {
          yield 'x'.repeat(1_000);
          await setImmediate();
          begun.resolve();
        }
      } finally {
        closed.resolve();
      }
    };
    const writing = atomicWrite(path, source(), { signal: controller.signal });
    await begun.promise;
    controller.abort('enough');
    await expect(writing).rejects.toBe('enough');
    await closed.promise;
  });

  it('leaves no listener behind when it is done, or when the source fails', async () => {
    const { controller, listeners } = countedController();
    await atomicWrite(path, ['a', 'b'], { signal: controller.signal });
    expect(listeners()).toBe(0);
    const failing = Readable.from(
      (async function* () {
        yield 'a';
        throw new Error('upstream');
      })(),
    );
    await expect(atomicWrite(path, failing, { signal: controller.signal })).rejects.toThrow('upstream');
    expect(listeners()).toBe(0);
    expect(await content()).toBe('ab');
  });
});

describe('a killed writer', () => {
  it('leaves one whole version, and leftovers that can be removed', async () => {
    await writeFile(join(folder, '.keep.tmp'), 'not ours');
    for (let round = 0; round < 5; round += 1) {
      const child = spawn(process.execPath, writer(path), { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      await setTimeout(Math.random() * 50);
      child.kill('SIGKILL');
      await once(child, 'close');
      const lines = (await content()).split('\n');
      expect(lines).toHaveLength(2_001);
      expect(new Set(lines.slice(0, -1)).size).toBe(1);
    }
    await writeFile(join(folder, '.data.txt.0123456789ab.tmp'), 'half');
    expect(await removeLeftovers(folder)).toContain('.data.txt.0123456789ab.tmp');
    expect((await readdir(folder)).toSorted()).toEqual(['.keep.tmp', 'data.txt']);
    expect(await removeLeftovers(folder)).toEqual([]);
  });
});
