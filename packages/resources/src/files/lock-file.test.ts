import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { chmod, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LockError, lockFile, type LockHolder, removeLeftovers, type Temp, tempDir, trackLeaks } from '../index.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.02);
const onLinux = process.platform === 'linux';

let folder: Temp;
let path: string;

beforeEach(async () => {
  folder = await tempDir({ prefix: 'lock-' });
  path = join(folder.path, 'import.lock');
});
afterEach(async () => folder.close());

const names = async (): Promise<string[]> => (await readdir(folder.path)).toSorted();
const holderOf = async (file = path): Promise<LockHolder> => JSON.parse(await readFile(file, 'utf8'));

/** What this process would write, but for `changes`. */
async function writeHolder(changes: Partial<LockHolder>, file = path): Promise<LockHolder> {
  const probe = join(folder.path, 'probe.lock');
  const lock = await lockFile(probe);
  const holder = { ...(await holderOf(probe)), ...changes };
  await lock.close();
  await writeFile(file, JSON.stringify(holder));
  return holder;
}

async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'close');
  return child.pid ?? 0;
}

describe('lockFile', () => {
  it('makes a file that says who holds the lock, and removes it at the end', async () => {
    const from = Date.now();
    {
      await using lock = await lockFile(path);
      expect(lock.path).toBe(path);
      const holder = await holderOf();
      expect(holder).toMatchObject({ pid: process.pid, host: hostname() });
      expect(Date.parse(holder.since)).toBeGreaterThanOrEqual(from);
      expect(Date.parse(holder.since)).toBeLessThanOrEqual(Date.now());
      if (onLinux) {
        const stat = await readFile('/proc/self/stat', 'utf8');
        expect(stat.split(' ')).toContain(String(holder.startTicks));
      }
      expect((await readFile(path, 'utf8')).split('\n').length).toBeGreaterThan(5);
      expect(await names()).toEqual(['import.lock']);
    }
    expect(await names()).toEqual([]);
  });

  it('refuses a second holder, naming the first', async () => {
    await using _lock = await lockFile(path);
    const { since } = await holderOf();
    const error = await lockFile(path, { waitMs: 0 }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LockError);
    expect(error).toMatchObject({
      code: 'DEX_LOCK',
      path,
      holder: { pid: process.pid, host: hostname(), since },
      message: `${path} is held by process ${process.pid} on ${hostname()} since ${since} (waited 0 ms).`,
    });
    expect(await names()).toEqual(['import.lock']);
  });

  it('waits for the holder as long as it is told, and goes on when it releases', async () => {
    const first = await lockFile(path);
    const from = performance.now();
    await expect(lockFile(path, { waitMs: 150 })).rejects.toThrow('(waited 150 ms)');
    expect(performance.now() - from).toBeGreaterThan(145);
    const waiting = lockFile(path, { waitMs: Infinity });
    await sleep(50);
    await first.close();
    await using second = await waiting;
    await first.close(); // twice is safe
    expect(await names()).toEqual(['import.lock']);
    await second.close();
  });

  it('stops waiting when its signal aborts, and leaves nothing', async () => {
    using leaks = trackLeaks();
    await using lock = await lockFile(path);
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('enough');
    const waiting = lockFile(path, { signal });
    await sleep(20);
    const from = performance.now();
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(performance.now() - from).toBeLessThan(500);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await expect(lockFile(path, { signal })).rejects.toBe(reason);
    await lock.close();
    expect(leaks.alive()).toEqual([]);
    expect(await names()).toEqual([]);
  });

  it('gives the lock back when its signal aborts in the tick in which it gets it', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const locking = lockFile(path, { signal });
    controller.abort('enough');
    await expect(locking).rejects.toBe('enough');
    expect(await names()).toEqual([]);
  });

  it('tells why the file cannot be made', async () => {
    const lost = join(folder.path, 'nowhere', 'import.lock');
    await expect(lockFile(lost)).rejects.toMatchObject({ code: 'DEX_WRITE', path: lost, cause: { code: 'ENOENT' } });
  });

  it('survives removeLeftovers, as a holder calls it at its start', async () => {
    const importers = Promise.all(
      Array.from({ length: 3 }, async () => {
        for (let round = 0; round < 5; round += 1) await (await lockFile(path)).close();
        return 'done';
      }),
    );
    const turn = async () =>
      sleep(Math.random() * 10)
        .then(async () => removeLeftovers(folder.path))
        .then(() => 'removed');
    while ((await Promise.race([importers, turn()])) === 'removed');
    expect(await importers).toEqual(['done', 'done', 'done']);
  });

  it('tells when the file cannot be read at its release, and tries again when asked', async () => {
    using leaks = trackLeaks();
    const lock = await lockFile(path);
    await rename(path, `${path}.aside`);
    await symlink(path, path); // to itself
    await expect(lock.close()).rejects.toMatchObject({ code: 'DEX_WRITE', cause: { code: 'ELOOP' } });
    expect(leaks.alive()).toHaveLength(1);
    await rename(`${path}.aside`, path);
    await lock.close();
    expect(await names()).toEqual([]);
    expect(leaks.alive()).toEqual([]);
  });

  it('releases a relative path in the folder in which it was taken', async () => {
    const lock = await lockFile(relative(process.cwd(), path));
    expect(lock.path).toBe(path);
    await lock.close();
  });

  it('does not release what another has got since somebody removed the file', async () => {
    const first = await lockFile(path);
    await rm(path);
    await using _second = await lockFile(path);
    await first.close();
    expect(await names()).toEqual(['import.lock']);
  });

  it.each([-1, 0.5, NaN])('refuses waitMs: %s', async (waitMs) => {
    await expect(lockFile(path, { waitMs })).rejects.toThrow('Option "lockFile.waitMs" must be an integer from 0');
  });
});

describe('a lock left behind', () => {
  it('is taken over from a process that has ended', async () => {
    await writeHolder({ pid: await endedPid(), id: '0123456789ab' });
    await using _lock = await lockFile(path, { waitMs: 0 });
    expect((await holderOf()).pid).toBe(process.pid);
    expect(await names()).toEqual(['import.lock']);
  });

  it.runIf(onLinux)('is taken over when the pid belongs to another process by now', async () => {
    await writeHolder({ startTicks: 1 });
    await using _lock = await lockFile(path, { waitMs: 0 });
    expect((await holderOf()).startTicks).toBeGreaterThan(1);
  });

  it.runIf(onLinux)('is taken over from a process that ended and that nobody waited for', async () => {
    // The shell that becomes `sleep` never asks how its child ended, which so stays a zombie.
    const shell = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await once(shell.stdout, 'data');
    const pid = Number(line);
    const state = async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    while ((await state())[0] !== 'Z') await sleep(5);
    await writeHolder({ pid, startTicks: Number((await state())[19]) });
    await using _lock = await lockFile(path, { waitMs: 0 });
    shell.kill();
  });

  it.runIf(onLinux)('is taken over after the machine has started anew, but not between containers', async () => {
    await writeHolder({ bootId: 'another' });
    const isContainer = (await readlink('/proc/self/ns/pid')) !== 'pid:[4026531836]';
    const taking = lockFile(path, { waitMs: 0 });
    if (isContainer) await expect(taking).rejects.toThrow(LockError);
    else await (await taking).close();

    const pid = await endedPid();
    for (const changes of [{ pidNamespace: 'pid:[1]' }, { pidNamespace: 'pid:[1]', bootId: 'another' }]) {
      await writeHolder({ pid, ...changes });
      await expect(lockFile(path, { waitMs: 0 })).rejects.toThrow(`is held by process ${pid} on ${hostname()} since`);
    }
  });

  it('is never taken from a process that lives, even one that nothing but its pid tells of', async () => {
    for (const changes of [{}, { startTicks: null }, { pid: 1, startTicks: null }]) {
      const holder = await writeHolder(changes);
      await expect(lockFile(path, { waitMs: 0 })).rejects.toMatchObject({ holder: { id: holder.id } });
      expect((await holderOf()).id).toBe(holder.id);
    }
  });

  it('is never taken from another host', async () => {
    const since = '2012-01-01T00:00:00.000Z';
    const pid = await endedPid();
    await writeHolder({ pid, host: 'weather-2', since });
    await expect(lockFile(path, { waitMs: 0 })).rejects.toThrow(
      `${path} is held by process ${pid} on weather-2 since ${since} (waited 0 ms).`,
    );
    expect((await holderOf()).host).toBe('weather-2');
  });

  it.each(['', 'not ours', '{}', 'null', '{"pid":1,"host":"a","since":"b","id":"../../up"}'])(
    'is not taken over when it does not say whose it is: %s',
    async (content) => {
      await writeFile(path, content);
      await expect(lockFile(path, { waitMs: 0 })).rejects.toThrow(`${path} is held by someone it does not name`);
      expect(await readFile(path, 'utf8')).toBe(content);
    },
  );

  it('is taken over although the process that was about to has ended as well, at each step of its way', async () => {
    const pid = await endedPid();
    const ids = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc'] as const;
    const claim = `${path}.${ids[0]}`;
    await writeHolder({ pid, id: ids[0] });
    await writeHolder({ pid, id: ids[1] }, claim);
    await writeHolder({ pid, id: ids[2] }, `${claim}.${ids[1]}`);
    await writeHolder({ pid, id: ids[2] }, `${path}.dddddddddddd`); // the claim on a holder before
    for (const name of ['import.lock', `import.lock.${ids[0]}`]) {
      await writeFile(join(folder.path, `.${name}.0123456789ab.tmp`), ''); // of one killed before it had its lock
    }
    const others = ['.export.lock.0123456789ab.tmp', '.import.lock.csv.0123456789ab.tmp', 'import.lock.csv'];
    for (const name of others) await writeFile(join(folder.path, name), '');
    {
      await using _lock = await lockFile(path, { waitMs: 0 });
      expect((await holderOf()).pid).toBe(process.pid);
      expect(await names()).toEqual([...others, 'import.lock'].toSorted());
    }
    expect(await names()).toEqual(others);
  });

  it.runIf(process.getuid?.() === 0)('leaves no claim on what it may not replace', async () => {
    await writeHolder({ pid: await endedPid() });
    await chmod(folder.path, 0o1777); // only its owner may replace a file
    const script = `
      import { lockFile } from './src/index.ts';
      console.log(await lockFile(${JSON.stringify(path)}).catch(({ code }) => code));`;
    const args = ['--import', 'tsx', '--conditions=@dataenginex/source', '--input-type=module', '-e', script];
    const { stdout } = spawnSync(process.execPath, args, {
      cwd: new URL('../..', import.meta.url),
      encoding: 'utf8',
      uid: 65_534,
    });
    expect(stdout).toBe('DEX_WRITE\n');
    expect(await names()).toEqual(['import.lock']);
    await (await lockFile(path)).close();
  });

  it('waits for a process that is about to take it over', async () => {
    const pid = await endedPid();
    await writeHolder({ pid, id: 'aaaaaaaaaaaa' });
    const claim = `${path}.aaaaaaaaaaaa`;
    await writeHolder({}, claim);
    await expect(lockFile(path, { waitMs: 100 })).rejects.toMatchObject({ holder: { pid } });
    expect(await names()).toEqual(['import.lock', 'import.lock.aaaaaaaaaaaa']);
  });

  it('has one winner of many who find it at the same moment', async () => {
    const pid = await endedPid();
    for (let round = 0; round < Math.ceil(400 * scale); round += 1) {
      await writeHolder({ pid, id: round.toString(16).padStart(12, '0') });
      const pauseMs = () => Math.random() * 3;
      const tries = await Promise.allSettled(
        Array.from({ length: 12 }, async () => sleep(pauseMs()).then(() => lockFile(path, { waitMs: 0 }))),
      );
      const won = tries.filter((one) => one.status === 'fulfilled');
      expect(won.length).toBeLessThanOrEqual(1);
      await using _lock = won[0]?.value ?? (await lockFile(path));
      expect(await names()).toEqual(['import.lock']);
    }
    expect(await names()).toEqual([]);
  });
});

describe('many processes that race for a lock, and are killed', () => {
  const kills = Math.ceil(200 * scale);
  const processes = 6;

  function start(rounds?: number): ChildProcess {
    const args = ['--import', 'tsx', '--conditions=@dataenginex/source', 'test/locker.ts', folder.path];
    return spawn(process.execPath, [...args, ...(rounds === undefined ? [] : [String(rounds)])], {
      cwd: new URL('../..', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  it(`never let two in, with ${kills} of them killed`, { timeout: 120_000 + kills * 3_000 }, async () => {
    await writeFile(join(folder.path, 'count'), '0');
    await writeFile(join(folder.path, 'log'), '');
    const lock = join(folder.path, 'count.lock');
    const running = Array.from({ length: processes }, () => start());
    for (const { stdout } of running) if (stdout) await once(stdout, 'data');
    let killedHolders = 0;
    // Whether a kill meets a holder is chance: on until one has.
    for (let kill = 0; kill < kills || (killedHolders === 0 && kill < kills + 200); kill += 1) {
      await sleep(20 + Math.random() * 100);
      const holder = await holderOf(lock).catch(() => undefined);
      const at = Math.max(
        0,
        running.findIndex(({ pid }) => pid === holder?.pid),
      ); // the holder, if there is one
      const [victim] = running.splice(at, 1);
      if (victim === undefined) throw new Error('None is left.');
      const ended = once(victim, 'close');
      // Stopped, it stays what it is: once it has died, others take the lock over before one can look.
      victim.kill('SIGSTOP');
      await sleep(5);
      const left = await holderOf(lock).catch(() => undefined);
      if (left?.pid === victim.pid) killedHolders += 1;
      victim.kill('SIGKILL');
      await ended;
      running.push(start());
    }
    for (const child of running) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    const last = start(1); // whatever they left behind
    expect((await once(last, 'close'))[0]).toBe(0);

    const log = (await readFile(join(folder.path, 'log'), 'utf8')).trim().split('\n');
    const counts = log.map((line) => Number(line.split(' ')[0]));
    expect(counts.length).toBeGreaterThan(kills);
    expect(counts.filter((count, at) => at > 0 && count <= (counts[at - 1] ?? 0))).toEqual([]);
    expect(new Set(log.map((line) => line.split(' ')[1])).size).toBeGreaterThan(1);
    expect(killedHolders).toBeGreaterThan(0);
    expect((await names()).filter((name) => name.startsWith('count.lock'))).toEqual([]);
  });
});
