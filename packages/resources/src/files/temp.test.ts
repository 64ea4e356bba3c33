import { spawnSync } from 'node:child_process';
import { access, chmod, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Temp, tempDir, TempError, tempFile, trackLeaks } from '../index.ts';

let parent: Temp;
beforeEach(async () => {
  parent = await tempDir({ prefix: 'temp-' });
});
afterEach(async () => parent.close());

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('tempDir', () => {
  it('makes a folder of its own in the system’s, for this user only', async () => {
    await using one = await tempDir();
    await using other = await tempDir();
    expect(dirname(one.path)).toBe(tmpdir());
    expect(basename(one.path)).toMatch(/^dex-\w+$/);
    expect(other.path).not.toBe(one.path);
    expect(await modeOf(one.path)).toBe(0o700);
  });

  it.each(['', '.', '..'])('stays in its parent when its prefix is "%s"', async (prefix) => {
    await using folder = await tempDir({ parent: parent.path, prefix });
    await using file = await tempFile({ parent: parent.path, prefix });
    expect([dirname(folder.path), dirname(file.path)]).toEqual([parent.path, parent.path]);
  });

  it('is removed at the end with all that is in it, but not what links point at', async () => {
    using leaks = trackLeaks();
    await writeFile(join(parent.path, 'kept'), '');
    {
      await using folder = await tempDir({ parent: parent.path, prefix: 'a-' });
      expect(leaks.alive()).toHaveLength(1);
      await mkdir(join(folder.path, 'deep/er'), { recursive: true });
      await writeFile(join(folder.path, 'deep/er/file'), 'x');
      await symlink(parent.path, join(folder.path, 'link'));
      expect(basename(folder.path)).toMatch(/^a-/);
    }
    expect(await readdir(parent.path)).toEqual(['kept']);
    expect(leaks.alive()).toEqual([]);
  });

  it('is gone after close, twice and at the same time, also when somebody else removed it', async () => {
    const folder = await tempDir({ parent: parent.path });
    await Promise.all([folder.close(), folder.close()]);
    await folder.close();
    await expect(access(folder.path)).rejects.toThrow('ENOENT');
    const other = await tempDir({ parent: parent.path });
    await rm(other.path, { recursive: true });
    await other.close();
  });

  it('says what could not be made, and where', async () => {
    const lost = join(parent.path, 'nowhere');
    const error = await tempDir({ parent: lost }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TempError);
    expect(error).toMatchObject({ code: 'DEX_TEMP', path: join(lost, 'dex-'), cause: { code: 'ENOENT' } });
    expect(error).toHaveProperty('message', expect.stringContaining(`Could not make ${join(lost, 'dex-')}: ENOENT`));
  });

  it.runIf(process.platform === 'linux')('says what could not be removed, and tries again when asked', async () => {
    const script = `
      import { chmod, writeFile } from 'node:fs/promises';
      import { tempDir } from './src/index.ts';
      const folder = await tempDir({ parent: process.argv[1] });
      await writeFile(folder.path + '/file', '');
      await chmod(folder.path, 0o500);
      await folder.close().catch(({ name, code, message, cause }) => console.log(name, code, cause.code, message));
      await chmod(folder.path, 0o700);
      await folder.close();
    `;
    await chmod(parent.path, 0o777);
    const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {}; // root may remove everything
    const args = ['--import', 'tsx', '--conditions=@dataenginex/source', '--input-type=module', '-e', script];
    const { stdout } = spawnSync(process.execPath, [...args, parent.path], {
      cwd: new URL('../..', import.meta.url),
      encoding: 'utf8',
      ...nobody,
    });
    expect(stdout).toContain(`TempError DEX_TEMP EACCES Could not remove ${parent.path}/dex-`);
    expect(await readdir(parent.path)).toEqual([]);
  });
});

describe('tempFile', () => {
  it('makes an empty file for this user only, and removes it at the end', async () => {
    {
      await using file = await tempFile({ parent: parent.path, prefix: 'rows-', suffix: '.csv' });
      expect(basename(file.path)).toMatch(/^rows-[0-9a-f]{12}\.csv$/);
      expect(await modeOf(file.path)).toBe(0o600);
      expect((await stat(file.path)).size).toBe(0);
      expect(await readdir(parent.path)).toEqual([basename(file.path)]);
    }
    expect(await readdir(parent.path)).toEqual([]);
    await using other = await tempFile();
    expect(basename(other.path)).toMatch(/^dex-[0-9a-f]{12}$/);
    expect(dirname(other.path)).toBe(tmpdir());
  });

  it('says what could not be made', async () => {
    await expect(tempFile({ parent: join(parent.path, 'nowhere') })).rejects.toMatchObject({
      code: 'DEX_TEMP',
      cause: { code: 'ENOENT' },
    });
  });
});

describe.each([
  ['tempDir', tempDir],
  ['tempFile', tempFile],
])('%s', (name, make) => {
  it('leaves nothing when it is aborted, before or in the same tick', async () => {
    using leaks = trackLeaks();
    const reason = new Error('enough');
    await expect(make({ parent: parent.path, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const making = make({ parent: parent.path, signal: controller.signal });
    controller.abort(reason);
    await expect(making).rejects.toBe(reason);
    expect(await readdir(parent.path)).toEqual([]);
    expect(leaks.alive()).toEqual([]);
  });

  it.each(['../up', 'a/b', 'a\\b', 'a\0b', 5])('refuses the prefix %j', async (prefix) => {
    // @ts-expect-error a number is no prefix
    await expect(make({ prefix })).rejects.toThrow(`Option "${name}.prefix" must be part of a file name`);
  });
});
