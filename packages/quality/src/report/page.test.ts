import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, profile, toHtml } from '../index.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = places.find((place) => existsSync(place)) ?? '/usr/bin/chromium';
const isRequired = (process.env['DEX_REQUIRE'] ?? '').split(',').includes('chromium');
const isThere = existsSync(executablePath) || isRequired;
if (!isThere) console.warn(`The report's tests in a browser are skipped: no Chromium at ${places.join(', ')}.`);

const hostile = ['<script>alert(1)</script>', '</style><img src=x onerror=alert(1)>', '"><svg/onload=alert(1)>'];
const Row = z.object({ a: z.unknown(), b: z.unknown(), '<i>': z.unknown() });
const Nasty = contract(hostile.join(' '), Row, (c) => [
  ...hostile.map((name, at) => c.a.toSatisfy(name, () => false, { id: `${at} ${name}`, notes: name, tags: [name] })),
  ...['p', 'q', 'r', 's'].map((id) => c.b.toBeNull({ id, severity: 'warning' })),
  c['<i>'].toNotBeNull(),
]);

describe.skipIf(!isThere)('the page of toHtml in a browser', () => {
  let browser: Browser;
  let page: string;
  let complaints: string[];
  beforeAll(async () => {
    const rows = hostile.map((a) => ({ a, b: 1, '<i>': a.repeat(50), [a]: a }));
    const { report, bad } = await Nasty.split(rows);
    page = toHtml(report, { bad, profile: await profile(rows) });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    return () => browser.close();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    complaints = [];
    const tab = await (await browser.newContext(options)).newPage();
    tab.on('console', (message) => complaints.push(message.text()));
    tab.on('dialog', (dialog) => void dialog.dismiss().then(() => complaints.push(dialog.message())));
    tab.on('pageerror', (error) => complaints.push(String(error)));
    tab.on('request', (request) => complaints.push(`asked ${request.url()}`));
    await tab.setContent(page);
    return tab;
  }

  it('runs its own script and nothing of the data, and fits a narrow screen', async () => {
    const tab = await open({ viewport: { width: 400, height: 800 } });
    expect(complaints).toEqual([]);
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(400);
    expect(await tab.locator('.rule:visible').count()).toBe(7);
    await tab.locator('input[type=search]').fill('ALERT svg/onload');
    expect(await tab.locator('.rule:visible .what small').allInnerTexts()).toEqual([
      'a satisfies "<script>alert(1)</script>"',
      'a satisfies "</style><img src=x onerror=alert(1)>"',
      'a satisfies "\\"><svg/onload=alert(1)>"',
    ]);
    await tab.locator('input[type=search]').fill('');
    await tab.getByLabel('critical').uncheck();
    expect(await tab.locator('.rule:visible').count()).toBe(4);
    expect(await tab.locator('output').innerText()).toBe('4 of 8 rules');
  });

  it('needs no script', async () => {
    const tab = await open({ javaScriptEnabled: false });
    expect(await tab.locator('.filter').isVisible()).toBe(false);
    expect(await tab.locator('.rule:visible').count()).toBe(7);
    await tab.locator('details.kept > summary').click();
    expect(await tab.locator('.rule:visible').count()).toBe(8);
  });

  it('can be read in light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const tab = await open({ colorScheme });
      const contrasts: unknown = await tab.evaluate(`(() => {
        const light = (rgb) => {
          const [r, g, b] = rgb.match(/\\d+/g).slice(0, 3).map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = light(getComputedStyle(document.body).backgroundColor);
        return [...document.querySelectorAll('h1, .verdict, dt, dd, .chip, .what, .found, .more p, th, td, footer')]
          .map((element) => light(getComputedStyle(element).color))
          .map((ink) => (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05))
          .filter((contrast) => contrast < 4.5);
      })()`);
      expect(contrasts).toEqual([]);
    }
  });
});
