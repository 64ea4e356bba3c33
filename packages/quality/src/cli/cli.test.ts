import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pipe, run } from '@dataenginex/streams';
import { toParquet } from '@dataenginex/streams/parquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Daily } from '../../test/cli/contract.ts';
import { main, type Surface } from './main.ts';
import { progressText } from './progress-line.ts';

const contract = join(import.meta.dirname, '../../test/cli/contract.ts');
const cli = join(import.meta.dirname, '../cli.ts');
let folder: string;
const at = (name: string): string => join(folder, name);

const header = 'date,station,tempMax,wet\n';
const suite = {
  name: 'suite',
  expectations: [
    { type: 'expect_column_values_to_be_between', kwargs: { column: 'tempMax', min_value: -60, max_value: 60 } },
  ],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quality-cli-'));
  await Promise.all([
    writeFile(at('good.csv'), `${header}2012-01-01,Seattle,12.8,true\n2012-01-02,Seattle,,FALSE\n`),
    writeFile(at('bad.csv.gz'), gzipSync(`${header}2012-01-03,Seattle,412,true\n2012-01-01,Seattle,1,maybe\n`)),
    writeFile(at('broken.csv'), `${header}2012-01-03\n`),
    writeFile(at('suite.json'), JSON.stringify(suite)),
    writeFile(at('empty.csv'), ''),
    writeFile(at('syntax.ts'), 'export const x = {\n'),
    writeFile(at('rows.json'), '[{"tempMax":12},{"tempMax":412}]'),
    writeFile(at('rows.jsonl.zst'), zstdCompressSync('{"tempMax":12}\n{"tempMax":4}\n')),
    run(pipe([{ tempMax: 12n }, { tempMax: 412n }]), toParquet(at('rows.parquet'))),
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

async function command(args: readonly string[], surface: Partial<Surface> = {}) {
  let [out, errors] = ['', ''];
  const code = await main(args, {
    stdin: (async function* () {})(),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (errors += text) },
    env: {},
    signal: new AbortController().signal,
    version: '1.2.3',
    ...surface,
  });
  return { code, out: out.replace(/in [\d.]+ m?s/, 'in 1 ms'), errors };
}

describe('quality check', () => {
  it('says that a contract holds', async () => {
    const { code, out, errors } = await command(['check', at('good.csv'), '--contract', contract]);
    expect([code, errors]).toEqual([0, '']);
    expect(out).toBe(`✓ daily holds: all ${Daily.rules.length} rules hold\n  2 rows in 1 ms\n`);
  });

  it('says what broke, of several files as one table, and where the bad rows are', async () => {
    const files = [at('good.csv'), at('bad.csv.gz')];
    const { code, out } = await command(['check', ...files, '--contract', contract, '--bad', at('bad.ndjson')]);
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      '✗ daily does not hold: 3 critical rules and 1 warning of 12 failed',
      '  4 rows in 1 ms',
      '',
      '✗ critical  wet is a boolean',
      '            1 of 4 values, such as "maybe" in row 3',
      '✗ critical  tempMax is between -60 and 60',
      '            1 of 3 values, such as 412 in row 2',
      '✗ critical  date and station are unique together',
      '            2 of 4 rows, such as ["2012-01-01","Seattle"] in row 0',
      '✗ warning   the mean of tempMax is at most 20',
      '            it is 141.933',
      '',
    ]);
    const lines = (await readFile(at('bad.ndjson'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        file: at('good.csv'),
        row: 0,
        rules: ['unique(date, station)'],
        data: { date: '2012-01-01', station: 'Seattle', tempMax: '12.8', wet: 'true' },
      },
      { file: at('bad.csv.gz'), row: 0, rules: ['tempMax.toBeBetween'], data: expect.anything() },
      { file: at('bad.csv.gz'), row: 1, rules: ['schema.wet.type', 'unique(date, station)'], data: expect.anything() },
    ]);
  });

  it('reads JSON, NDJSON and Parquet, and suites of Great Expectations', async () => {
    const ask = async (file: string) => (await command(['check', at(file), '--contract', at('suite.json')])).code;
    expect(await Promise.all(['rows.json', 'rows.jsonl.zst', 'rows.parquet'].map(ask))).toEqual([1, 0, 1]);
  });

  it('reads the standard input, twice where it must', async () => {
    const stdin = () =>
      (async function* () {
        yield Buffer.from(`${header}2012-01-01,Seattle,41`);
        yield Buffer.from('2,true\n');
      })();
    const args = ['check', '-', '--input-format', 'csv', '--contract', contract];
    expect((await command(args, { stdin: stdin() })).code).toBe(1);
    const { out } = await command([...args, '--format', 'html'], { stdin: stdin() });
    expect(out).toContain('<td class="broken n"><bdi>412</bdi></td>');
    expect(await command(['check', '-', '--contract', contract])).toMatchObject({ code: 2 });
  });

  it('writes each format, told by the name of the file', async () => {
    const args = ['check', at('bad.csv.gz'), '--contract', contract];
    const starts = {
      'r.json': '{\n  "version": 1',
      'r.md': '## ❌ daily',
      'r.xml': '<?xml',
      'r.html': '<!doctype html>',
    };
    await Promise.all(
      Object.entries(starts).map(async ([name, start]) => {
        const { code, out } = await command([...args, '--out', at(name)]);
        expect([code, out]).toEqual([1, '✗ daily does not hold: 2 critical rules and 1 warning of 12 failed\n']);
        expect((await readFile(at(name), 'utf8')).startsWith(start)).toBe(true);
      }),
    );
    expect((await command([...args, '--format', 'junit'])).out).toMatch(/^<\?xml/);
  });

  it('keeps its runs, and shows them on the page with how the columns are spread', async () => {
    const args = ['check', at('good.csv'), '--contract', contract, '--history', at('history.ndjson')];
    await command(args);
    const { out } = await command([...args, '--format', 'html']);
    expect(out).toContain('the last 2 runs held');
    expect(out).toContain('<h3><code>tempMax</code></h3><p>number · 50% null · 1 distinct');
  });

  it('fails by warnings where that is asked', async () => {
    await writeFile(at('warm.csv'), `${header}2012-01-01,Seattle,42,true\n`);
    const args = ['check', at('warm.csv'), '--contract', contract];
    expect((await command(args)).code).toBe(0);
    expect((await command([...args, '--severity', 'warning'])).code).toBe(1);
  });

  it('keeps few of the rows that break a rule in the report unless told to', async () => {
    await writeFile(at('many.csv'), header + '2012-01-01,Seattle,412,true\n'.repeat(50));
    const indexes = async (...more: string[]): Promise<number> => {
      const args = ['check', at('many.csv'), '--contract', contract, '--format', 'json', ...more];
      const { results } = JSON.parse((await command(args)).out);
      return results.find(({ rule }: { rule: { id: string } }) => rule.id === 'tempMax.toBeBetween').unexpectedIndexes
        .length;
    };
    expect(await indexes()).toBe(20);
    expect(await indexes('--bad', at('many.ndjson'))).toBe(20);
    expect(await indexes('--keep-indexes')).toBe(50);
  });

  it('tells wrong usage from data that cannot be read, in a sentence', async () => {
    for (const [args, code, message] of [
      [[], 2, 'Checks data against a contract.'],
      [['czech', 'x.csv'], 2, 'The command must be check, profile or suggest, got "czech". See quality --help.\n'],
      [['check'], 2, 'Which files? quality check <file…>\n'],
      [['check', at('good.csv')], 2, 'Which contract? Name it by --contract contract.ts'],
      [['check', at('good.csv'), '--nope'], 2, "Unknown option '--nope'. See quality --help.\n"],
      [['check', at('good.csv'), '--contract', at('no.ts')], 2, 'no.ts cannot be loaded: there is no such file.\n'],
      [
        ['check', at('good.csv'), '--contract', at('no.json')],
        2,
        'no.json cannot be read: no such file or directory\n',
      ],
      [['check', at('good.csv'), '--contract', at('rows.json')], 2, 'rows.json: Option "suite" must be'],
      [
        ['check', at('good.csv'), '--contract', contract, '--export', 'No'],
        2,
        'exports no contract "No"; it has Daily.\n',
      ],
      [['check', at('good.csv'), '--contract', contract, '--format', 'pdf'], 2, '--format must be text, json'],
      [['check', at('suite.txt'), '--contract', contract], 3, 'suite.txt cannot be read: no such file or directory\n'],
      [['check', contract, '--contract', contract], 2, 'does not tell its format: give it by --input-format.\n'],
      [['check', folder, '--contract', contract], 2, 'is a directory: name the files in it'],
      [['check', at('good.csv'), '--contract', folder], 2, 'cannot be loaded: it is a directory.\n'],
      [['check', at('good.csv'), '--contract', contract, '--delimiter', 'ab'], 2, '--delimiter must be one character'],
      [['check', at('good.csv'), '--null', '-1'], 2, "use '--null=-XYZ'. See quality --help.\n"],
      [['profile', at('good.csv'), '--out', at('x')], 2, '--out is an option of check and suggest, not of profile.'],
      [['suggest', at('empty.csv')], 3, 'There are no rows to suggest a contract by.\n'],
      [
        ['check', at('broken.csv'), '--contract', contract],
        3,
        'broken.csv: CSV at index 0, line 2, byte 25: the row has',
      ],
    ] as const) {
      const { code: got, errors } = await command(args);
      expect([got, errors]).toEqual([code, expect.stringContaining(message)]);
      expect(errors).not.toContain('    at ');
    }
  });

  it('refuses to write where it cannot, or over what it reads', async () => {
    const args = ['check', at('good.csv'), '--contract', contract];
    await symlink(at('good.csv'), at('link.html'));
    for (const [more, message] of [
      [['--out', at('no/report.html')], '--out .*no/report.html cannot be written: no such file or directory'],
      [['--history', folder], '--history .* is a directory'],
      [['--bad', at('good.csv')], '--bad .*good.csv is read'],
      [['--out', at('link.html')], '--out .*link.html is read'],
      [['--out', contract], '--out .* is read'],
      [['--out', at('same'), '--bad', at('same')], '--bad .*same is what --out writes'],
    ] as const) {
      const { code, errors } = await command([...args, ...more]);
      expect([code, errors]).toEqual([2, expect.stringMatching(new RegExp(`^${message}\\.\n$`))]);
    }
    expect(await readFile(at('good.csv'), 'utf8')).toContain('2012-01-02');
  });

  it('reports on the rows before the place where a file is cut, and says so', async () => {
    const rows = `${header}2012-01-01,Seattle,412,true\n2012-01-02,Seattle`;
    await writeFile(at('cut.csv'), rows);
    const ask = (...args: string[]) => command(['check', ...args, '--contract', contract]);
    const { code, out, errors } = await ask(at('cut.csv'), '--bad', at('cut.ndjson'));
    expect([code, errors]).toEqual([3, expect.stringContaining('cut.csv: CSV at index 1, line 3')]);
    expect(out).toContain('the rows failed midway, and this is about those before\n  1 row in 1 ms');
    expect(await ask(at('broken.csv'))).toMatchObject({ code: 3, out: '' });
    expect(JSON.parse(await readFile(at('cut.ndjson'), 'utf8'))).toMatchObject({ row: 0 });

    await writeFile(at('cut.csv'), rows.replace('412', '12'));
    expect((await ask(at('cut.csv'))).out).toMatch(/^⚠ daily holds so far: all 12 rules hold; the rows failed midway/);
    const junit = await ask(at('cut.csv'), '--format', 'junit');
    expect(junit.out).toContain('<error message="the rows failed midway: this is about the 1 row before"');
    const stdin = (async function* () {
      yield Buffer.from(rows);
    })();
    const page = await command(['check', '-', '--input-format', 'csv', '--contract', contract, '--format', 'html'], {
      stdin,
    });
    expect([page.code, page.out]).toEqual([3, expect.stringContaining('<td class="broken n"><bdi>412</bdi></td>')]);
  });

  it('helps, and says its version', async () => {
    expect(await command(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes: 0') });
    expect(await command(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' });
  });

  it('has colours in a terminal that wants them, and obeys nothing that values say', async () => {
    await writeFile(at('evil.csv'), `${header}2012-01-01,"\u001b[2J\u202e",412,true\n`);
    const args = ['check', at('evil.csv'), '--contract', contract];
    let out = '';
    const stdout = { isTTY: true, write: (text: string) => (out += text) };
    await command(args, { stdout });
    expect(out).toContain('\u001b[31m');
    out = '';
    await command(args, { stdout, env: { NO_COLOR: '1' } });
    expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });
});

describe('quality profile and suggest', () => {
  it('guess what the texts of CSV are', async () => {
    await writeFile(at('zip.csv'), 'zip,temp,wet\n01234,12,true\n98101,,false\n');
    const { out } = await command(['profile', at('zip.csv')]);
    expect(out).toMatch(/zip +string/);
    expect(out).toMatch(/temp +integer/);
    expect(out).toMatch(/wet +boolean/);
  });

  it('propose a contract that the file keeps', async () => {
    const { code, out } = await command(['suggest', at('good.csv'), '--out', at('proposed.ts')]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^A contract of 4 columns is in /)]);
    const text = await readFile(at('proposed.ts'), 'utf8');
    expect(text).toContain("export const Good = contract('good'");
  });
});

describe('the bin', () => {
  const node = ['--conditions', '@dataenginex/source', cli];

  const check = (file: string): Promise<{ code: unknown; out: string; errors: string }> =>
    new Promise((done) => {
      const args = [...node, 'check', at('bad.csv.gz'), '--contract', file];
      execFile(process.execPath, args, (error, out, errors) => done({ code: error?.code, out, errors }));
    });

  it('exits by the verdict', async () => {
    const { code, out, errors } = await check(contract);
    expect([code, errors]).toEqual([1, '']);
    expect(out).toMatch(/^✗ daily does not hold/);
  });

  it('takes TypeScript for a module in a project of CommonJS, as `npm init` makes one', async () => {
    await mkdir(at('project'));
    await writeFile(at('project/package.json'), '{ "type": "commonjs" }');
    const own = "import { contractOf } from '@dataenginex/quality';\nexport const Own = contractOf('own', []);\n";
    await writeFile(at('project/own.ts'), own);
    await writeFile(at('project/contract.ts'), "export { Own } from './own.ts';\n");
    expect(await check(at('project/contract.ts'))).toMatchObject({ out: expect.stringMatching(/^✓ own/), errors: '' });
  });

  it('says what is wrong with a module that it cannot load', async () => {
    const [other, broken] = await Promise.all([check(at('good.csv')), check(at('syntax.ts'))]);
    expect([other.code, other.errors]).toEqual([2, expect.stringContaining('a contract is a module (.ts, .js), or')]);
    expect([broken.code, broken.errors]).toEqual([2, expect.stringMatching(/syntax.ts cannot be loaded: [^\n]+\n$/)]);
  });

  it('ends at once by SIGINT', async () => {
    const args = [...node, 'check', '-', '--input-format', 'csv', '--contract', contract, '--bad', at('never.ndjson')];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.write(header);
    // It reads once it runs.
    const row = '2012-01-01,Seattle,12,true\n'.repeat(4000);
    while (child.stdin.write(row)) await new Promise((resolve) => setTimeout(resolve, 20));
    await once(child.stdin, 'drain');
    const start = performance.now();
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(performance.now() - start).toBeLessThan(1500);
  });
});

describe('progressText', () => {
  it('says how far, how fast and how long', () => {
    const progress = { done: 62e6, total: 200e6, unit: 'bytes', perSecond: 45e6, remainingMs: 3067 } as const;
    expect(progressText('days.csv', progress)).toBe(
      '███████░░░░░░░░░░░░░░░░░  31%  62 MB of 200 MB  45 MB/s  3.1 s left  days.csv',
    );
    const rows = { done: 1234, total: undefined, unit: 'rows', perSecond: 617.2, remainingMs: undefined } as const;
    expect(progressText('3 files', rows)).toBe('1,234 rows  617 rows/s  3 files');
  });
});
