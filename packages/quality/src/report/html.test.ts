import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, profile, toHtml, toMarkdown } from '../index.ts';
import { toText } from './to-text.ts';

const Days = contract('days', z.object({ tempMax: z.number().nullable(), weather: z.string() }), (c, t) => [
  c.tempMax.toBeBetween(-60, 60, { mostly: 0.5, notes: 'ask the physicists', tags: ['physics'] }),
  c.tempMax.toBeBetween(-60, 60, { id: 'all' }),
  c.tempMax.meanToBeBetween(null, 40, { severity: 'warning' }),
  c.tempMax.toBeIncreasing({ severity: 'info' }),
  t.pairToBeEqual('tempMax', 'tempMax'),
]);
const rows = [
  { tempMax: 128, weather: 'sun' },
  { tempMax: 12.5, weather: 'rain' },
  { tempMax: null, weather: 'sun' },
];

const hostile = [
  '<script>alert(1)</script>',
  '</style></title><img src=x onerror=alert(1)>',
  `"><svg/onload=alert(1)> ' onclick='x`,
  'null\0 escape\u001b[31m \u0085',
  'half \ud800 pair',
  '<!-- ]]> &lt; ${1}',
];

/** A page's elements with their attributes; a text that broke out would be among them. */
const tags = (page: string): string[] =>
  [...page.replaceAll(/<(style|script)>.*?<\/\1>/gs, '').matchAll(/<(?!\/)[^>]*>/g)].map(([tag]) => tag);

describe('toHtml', () => {
  it('says the verdict and the numbers first, then what failed by column, then what was kept', async () => {
    const { report, bad } = await Days.split(rows);
    const page = toHtml(report, { bad, at: new Date('2012-01-02T03:04:05Z') });
    const text = page
      .replaceAll(/<(style|script|title)[^>]*>.*?<\/\1>/gs, '')
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ');
    const order = [
      'days ✗ Does not hold 1 critical rule, 1 warning and 1 info of 9 failed.',
      'Rows 3 Bad rows 2 (66.7%) Rules 9 Critical 1 Warnings 1 Infos 1 Took',
      'Checked 2012-01-02 03:04 UTC',
      'Failed 3 rules tempMax ✗ critical all tempMax is between -60 and 60 50% 1 of 2 values, such as 128 in row 0 value times in rows 128 1 0',
      'the mean of tempMax is at most 40 it is 70.25',
      'Bad rows 2 row breaks tempMax weather 0 tempMax.toBeBetween , all 128 sun',
      'Kept 6 rules',
      'tempMax is between -60 and 60, for at least 50% of values',
      'Table ✓ kept tempMax equals tempMax all 2 rows',
    ];
    expect(order.map((part) => [part, text.includes(part)])).toEqual(order.map((part) => [part, true]));
    const places = order.map((part) => text.indexOf(part));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(page).toContain('<td class="broken n"><bdi>128</bdi></td>');
  });

  it('says that all is well without a list of failures', async () => {
    const report = await Days.check([{ tempMax: 1, weather: 'sun' }]);
    const page = toHtml(report);
    expect(page).toContain('Holds');
    expect(page).toContain('All 9 rules hold.');
    expect(page).not.toContain('id="failed"');
  });

  it('shows earlier runs and distributions', async () => {
    const page = toHtml(await Days.check(rows), {
      history: [
        { at: new Date('2012-01-01'), success: true, rows: 3 },
        { at: new Date('2012-01-02'), success: false, rows: 1 },
      ],
      profile: await profile(
        Array.from({ length: 100 }, (_, at) => ({
          tempMax: at % 10 === 0 ? null : at,
          weather: at < 70 ? 'sun' : 'rain',
          at: new Date(2012, 0, at),
        })),
      ),
    });
    expect(page).toContain('1 of the last 2 runs failed');
    expect(page).toContain('2012-01-02 00:00: failed, 1 rows');
    expect(page).toMatch(/<p>integer · 10% null · 90 distinct · mean 50 · median \d+<\/p>/);
    expect(page.match(/<svg class="histogram"/g)).toHaveLength(2);
    expect(page).toContain('<bdi>&quot;sun&quot;</bdi></span>');
    expect(page).toContain('<span class="count">70</span>');
  });

  it('takes nothing from elsewhere, and allows its own script and style alone', async () => {
    const page = toHtml(await Days.check(rows));
    const sha = (element: string): string => {
      const [, text = ''] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(page) ?? [];
      return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    };
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'");
    expect(policy).toBe(
      `default-src 'none'; style-src ${sha('style')}; script-src ${sha('script')}; base-uri 'none'; form-action 'none'`,
    );
    expect(tags(page).filter((tag) => /\s(?:src|href|style|on\w+)=|<(?:link|img|iframe)/.test(tag))).toEqual([]);
  });

  it('lets no value or name break out', async () => {
    const row = z.object({ '<i>col</i>': z.unknown(), other: z.unknown() });
    const Nasty = contract(hostile.join(''), row, (c) =>
      hostile.map((name, at) =>
        c['<i>col</i>'].toSatisfy(name, () => false, { id: `${at}${name}`, notes: name, tags: [name] }),
      ),
    );
    const { report, bad } = await Nasty.split(hostile.map((v) => ({ '<i>col</i>': v, other: { [v]: v }, [v]: v })));
    const spread = await profile(hostile.map((v) => ({ [v]: v, other: v })));
    const page = toHtml(report, { bad, profile: spread });
    const names = new Set(tags(page).map((tag) => /^<[!\w-]+/.exec(tag)?.[0] ?? tag));
    expect([...names].filter((name) => /script|img|<i$|!--/.test(name))).toEqual([]);
    expect(tags(page).filter((tag) => /\son\w+=/.test(tag.replaceAll(/"[^"]*"/g, '')))).toEqual([]);
    expect(page.match(/<\/(?:script|style|head|body)>/g)).toHaveLength(4);
    expect(page).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(page.isWellFormed()).toBe(true);
  });

  it('cuts what is too much', async () => {
    const Many = contract('many', z.object({ v: z.unknown() }), (c) => [c.v.toBeNull()]);
    const wide = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`c${at}`, at]));
    const { report, bad } = await Many.split(
      Array.from({ length: 100 }, (_, at) => ({ ...wide, v: `${at}`.repeat(500) })),
    );
    const page = toHtml(report, { bad });
    expect(page).toContain('the first 50 of 100 rows, 40 of 61 columns');
    expect(page).toContain('<th scope="col"><bdi>v</bdi></th>');
    expect(page).toContain('and 90 other values');
    expect(page.length).toBeLessThan(500_000);
  });

  it('titles a rule by the id that somebody gave it, and lists the groups that break a rule', async () => {
    const Cities = contract('cities', z.object({ city: z.string(), temp: z.number() }), (c, t) => [
      c.temp.toBeBetween(-60, 60, { id: 'temperatures are in °C' }),
      c.temp.meanToBeBetween(null, 20, { groupBy: 'city' }),
      t.unique('city', 'temp', { id: 'unique(city, temp).2' }), // as a suite that has it twice
    ]);
    const cities = Array.from({ length: 30 }, (_, at) => ({ city: `city ${at}`, temp: at < 25 ? 100 : 1 }));
    const report = await Cities.check(cities, { keepIndexes: true });
    const page = toHtml(report);
    expect(page).toContain('<span class="what">temperatures are in °C<small>temp is between -60 and 60</small></span>');
    expect(page).toContain('<tr><td><code>&quot;city 19&quot;</code></td><td>it is 100</td></tr>');
    expect(page).not.toContain('<code>&quot;city 20&quot;</code>');
    expect(page).toContain('<p>and 5 more groups</p>');
    expect(page).toContain('<span class="what">city and temp are unique together</span>');

    const markdown = toMarkdown(report);
    expect(markdown).toContain('| 25 of 30 groups<br>city "city 0"&#58; it is 100<br>city "city 1"');
    expect(markdown).toContain('city "city 4"&#58; it is 100<br>and 20 more groups |');
    expect(toText(report, { isColored: false })).toContain(
      [
        '✗ critical  temperatures are in °C',
        '            temp is between -60 and 60',
        '            25 of 30 values (83.3%), such as 100 in row 0',
        '✗ critical  the mean of temp is at most 20, in each city',
        '            25 of 30 groups',
        '              city "city 0": it is 100',
      ].join('\n'),
    );
  });
});
