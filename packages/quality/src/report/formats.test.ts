import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, toJUnit, toMarkdown } from '../index.ts';

const hostile = [
  '<script>alert(1)</script>',
  ']]><evil/>',
  '| a | b |',
  '`code` **bold** [link](http://evil.example) ![img](x)',
  '@everyone #1 https://evil.example www.evil.example',
  'null\0 bell\u0007 escape\u001b[31m line\r\n## heading \u2028 bidi\u202e',
  'half \ud800 pair',
  '&amp; "quotes" \'single\'',
];

const Row = z.object({ v: z.unknown(), n: z.unknown() });
const Nasty = contract(`nasty <b>&"]]>\0`, Row, (c, t) => [
  ...hostile.map((name, at) =>
    c.v.toSatisfy(name, () => false, { id: `${at} ${name}`, notes: name, severity: at === 3 ? 'warning' : 'critical' }),
  ),
  c.n.meanToBeBetween(10, null),
  c.n.toBeIncreasing({ id: 'error' }),
  c.n.toBeNull({ id: 'info', severity: 'info' }),
  t.rowCountToEqual(9),
]);
const report = await Nasty.check([...hostile, 'x'].map((v, at) => ({ v, n: at === 8 ? 'text' : at })));

const Days = contract('days', z.object({ tempMax: z.number().nullable() }), (c) => [
  c.tempMax.toBeBetween(-60, 60, { notes: 'ask the physicists' }),
  c.tempMax.meanToBeBetween(null, 40, { severity: 'warning' }),
]);
const days = await Days.check([{ tempMax: 12.5 }, { tempMax: 128 }, { tempMax: null }]);

describe('toMarkdown', () => {
  it('says the verdict first, then what failed, then what holds', () => {
    const text = toMarkdown(days).replace(/in [\d.]+ ms/, 'in 1 ms');
    expect(text.split('\n')).toEqual([
      '## ❌ days does not hold',
      '',
      '**1 critical rule and 1 warning of 4 failed** on 3 rows, in 1 ms.',
      '',
      '| | rule | expected | found |',
      '| --- | --- | --- | --- |',
      '| ❌ critical | <code>tempMax.toBeBetween</code> | tempMax is between -60 and 60<br><sub>ask the physicists</sub> | 1 of 2 values, such as 128 in row 1 |',
      '| ⚠️ warning | <code>tempMax.meanToBeBetween</code> | the mean of tempMax is at most 40 | it is 70.25 |',
      '',
      '<details><summary>2 rules hold</summary>',
      '',
      '- there is a column tempMax: it is there',
      '- tempMax is a number: all 2 values, 1 without one',
      '',
      '</details>',
      '',
    ]);
  });

  it('says that all is well, and what only warns', async () => {
    const well = toMarkdown(await Days.check([{ tempMax: 1 }]));
    expect(well).toMatch(/^## ✅ days holds\n\n\*\*all 4 rules hold\*\* on 1 row, /);
    expect(toMarkdown(await Days.check([{ tempMax: 50 }]))).toMatch(
      /^## ⚠️ days holds\n\n\*\*1 warning of 4 failed\*\*/,
    );
  });

  it('lets nothing break out of its cell', () => {
    const text = toMarkdown(report);
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && line.includes('<code>'));
    expect(rows).toHaveLength(11);
    for (const row of rows) {
      expect(row.split('|')).toHaveLength(6);
      expect(row.replaceAll(/<\/?(?:code|sub|br)>/g, '')).not.toMatch(/[<>`[\]*_@\p{Cc}\u202e]|https?:\/\/|www\./u);
    }
    expect(text.isWellFormed()).toBe(true);
  });

  it('has a greatest length', async () => {
    const columns = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`c${at}`, z.number().nullable()]));
    const row = Object.fromEntries(Object.keys(columns).map((name) => [name, 'text']));
    const text = toMarkdown(await contract('wide', z.object(columns)).check([row]));
    expect(text).toContain('… and 250 rules more.');
    expect(text).toContain('- … and 200 more');
    expect(text.length).toBeLessThan(65_536);
  });
});

describe('toJUnit', () => {
  it('makes a suite of each contract and a case of each rule', () => {
    const xml = toJUnit([days, report]);
    expect(xml.match(/<testsuite /g)).toHaveLength(2);
    expect(xml.match(/<testcase /g)).toHaveLength(days.results.length + report.results.length);
    expect(xml).toMatch(/<testsuite name="days" tests="4" failures="1" errors="0" skipped="1" time="\d+\.\d{3}">/);
    expect(xml).toContain(
      [
        '    <testcase classname="days" name="tempMax.toBeBetween" time="0">',
        '      <failure message="1 of 2 values, such as 128 in row 1" type="expect_column_values_to_be_between">expected: tempMax is between -60 and 60',
        'found: 1 of 2 values, such as 128 in row 1',
        'notes: ask the physicists',
        'row 1: 128</failure>',
        '    </testcase>',
        '    <testcase classname="days" name="tempMax.meanToBeBetween" time="0">',
        '      <skipped message="warning: it is 70.25"/>',
        '    </testcase>',
      ].join('\n'),
    );
  });

  it('tells what could not be judged from what failed', () => {
    expect(toJUnit(report)).toMatch(/tests="12" failures="7" errors="2" skipped="2"/);
  });

  it('is XML whatever the values are', () => {
    const xml = toJUnit(report);
    const markup = /<\?xml version="1\.0" encoding="UTF-8"\?>|<\/?[a-z]+(?: [a-z]+="[^"<>\n\t]*")*\/?>/g;
    expect(xml.replaceAll(markup, '')).not.toMatch(/[<>"]/);
    expect(xml.replaceAll(/&(?:amp|lt|gt|quot|#10|#13|#9);/g, '')).not.toContain('&');
    expect(xml).not.toMatch(/(?!\n)\p{Cc}|[\ufffe\uffff]/u);
    expect(xml.isWellFormed()).toBe(true);
  });
});
