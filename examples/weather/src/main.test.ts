import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFiles, makeFolder } from '../test/folder.ts';
import { startWeather } from '../test/weather-process.ts';

const leftovers = (files: Record<string, string>): string[] =>
  Object.keys(files).filter((file) => file.endsWith('.tmp'));

describe('npm start', () => {
  it('--once runs the job, accounts for every row and exits 0; again it adds nothing', async () => {
    await using data = await makeFolder();
    const first = await startWeather(['--once'], { data: data.path }).ended;
    expect(first).toMatchObject({ code: 0 });
    expect(first.output).toMatch(/months +96 fetched, 0 already on disk/);
    expect(first.output).toMatch(/rows in +2,947/);
    expect(first.output).toMatch(/clean +2,922/);
    expect(first.output).toMatch(/contracts +raw (\d+) of \1, clean (\d+) of \2, insights (\d+) of \3\n/);
    expect(first.output).toMatch(/set aside +25 {2}\(7 × impossible, 6 × duplicate, 5 × unit, 4 × missing, 3 × late\)/);
    expect(first.output).toMatch(/retries +[1-9]\d* {2}\(.*503/);
    const files = await hashFiles(data.path);

    const second = await startWeather(['--once'], { data: data.path }).ended;
    expect(second).toMatchObject({ code: 0 });
    expect(second.output).toMatch(/months +0 fetched, 96 already on disk/);
    expect(await hashFiles(data.path)).toEqual(files);
  });

  it('serves the page from the start, fills it, and drains at SIGTERM', async () => {
    await using data = await makeFolder();
    const weather = startWeather(['--port', '0'], { data: data.path });
    const [, url = ''] = await weather.printed(/Weather fills in at (\S+)/);
    expect((await fetch(url)).status).toBe(200);
    await weather.printed(/Look at it: /);
    await expect((await fetch(`${url}/api/run`)).json()).resolves.toMatchObject({ status: 'done', clean: 2922 });
    weather.child.kill('SIGTERM');
    expect(await weather.ended).toMatchObject({ code: 0 });
  });

  it('takes the next port when its own is taken, and says so', async () => {
    await using data = await makeFolder();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const weather = startWeather(['--port', String(port)], { data: data.path });
    const [, url = ''] = await weather.printed(/Weather fills in at (\S+)/);
    expect(Number(new URL(url).port)).toBeGreaterThan(port);
    weather.child.kill('SIGINT');
    await weather.ended;
    taken.close();
  });

  it.each([0, 150, 600, 1_500])(
    'Ctrl-C %s ms after the start exits in under a second and leaves no half-written file',
    async (afterMs) => {
      await using data = await makeFolder();
      const weather = startWeather(['--port', '0'], { data: data.path });
      await weather.printed(/Weather fills in/);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      const started = performance.now();
      weather.child.kill('SIGINT');
      expect(await weather.ended).toMatchObject({ code: 130 });
      expect(performance.now() - started).toBeLessThan(1_000);
      expect(leftovers(await hashFiles(data.path))).toEqual([]);
    },
  );
});

describe('bad use', () => {
  it('an unknown option is named, with the usage, and exits 2', async () => {
    const { code, output } = await startWeather(['--onse'], { data: '/nowhere' }).ended;
    expect(code).toBe(2);
    expect(output).toMatch(/weather: Unknown option '--onse'/);
    expect(output).toContain('Usage: npm start -- [options]');
  });

  it('--help explains, and starts nothing', async () => {
    expect(await startWeather(['--help'], { data: '/nowhere' }).ended).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Usage/),
    });
  });

  it('a data folder that is a file is named', async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, 'data');
    await writeFile(path, '');
    const { code, output } = await startWeather(['--once'], { data: path }).ended;
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining(`The folder ${path} cannot be made: EEXIST`),
    });
  });

  it('a data folder that is read-only is named, and keeps what it holds', async () => {
    await using folder = await makeFolder();
    await chmod(folder.path, 0o755);
    const path = join(folder.path, 'data');
    await mkdir(join(path, 'clean'), { recursive: true });
    await writeFile(join(path, 'clean/observations.csv'), 'earlier');
    await chmod(path, 0o555);
    const before = await hashFiles(path);
    // root may write anywhere
    const { code, output } = await startWeather(['--once'], {
      data: path,
      ...(process.getuid?.() === 0 && { uid: 65_534 }),
    }).ended;
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringMatching(/weather: .*\/data\/(?:raw|clean)\S* ?.*EACCES/),
    });
    expect(await hashFiles(path)).toEqual(before);
  });

  it('a full disk is named with the file, and earlier data stays', async () => {
    await using data = await makeFolder();
    await startWeather(['--once'], { data: data.path }).ended;
    const before = await hashFiles(data.path);
    const full = ['--import', join(import.meta.dirname, '../test/full-disk.ts')];
    const { code, output } = await startWeather(['--once'], { data: data.path, nodeArgs: full }).ended;
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringMatching(/weather: Could not write \S+\/clean\/observations\.csv: ENOSPC/),
    });
    expect(await hashFiles(data.path)).toEqual(before);
  });
});
