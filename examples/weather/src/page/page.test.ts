import type { Browser, BrowserContextOptions, Page as Tab } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, noChromium } from '../../test/chromium.ts';
import { FixtureView, hostile } from '../../test/fixture-view.ts';
import { type Page, servePage } from './server.ts';

if (noChromium !== undefined) console.warn(`The page's tests in a browser are skipped: ${noChromium}.`);

describe.skipIf(noChromium !== undefined)('the page in a browser', () => {
  let browser: Browser;
  let page: Page;
  let complaints: string[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
    return () => browser.close();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await page.close();
  });

  /** A tab on the page; what the console says against it and what it asks of elsewhere is collected. */
  async function open(view: FixtureView, query = '', options: BrowserContextOptions = {}): Promise<Tab> {
    page = await servePage(view, { port: 0 });
    complaints = [];
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const tab = await context.newPage();
    tab.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    tab.on('pageerror', (error) => complaints.push(String(error)));
    tab.on('request', (request) => {
      if (new URL(request.url()).origin !== page.url) complaints.push(`asked ${request.url()}`);
    });
    await tab.goto(page.url + query);
    return tab;
  }

  const text = (tab: Tab, selector: string) => tab.locator(selector).innerText();
  const shows = (tab: Tab, selector: string, wanted: string | RegExp) =>
    expect.poll(() => text(tab, selector), { timeout: 20_000 }).toMatch(wanted);

  /** How many of a chart's pixels, in thousandths, differ from the empty canvas in colour: gridlines and labels are grey. */
  const coloured = (tab: Tab, id: string) =>
    tab.evaluate<number>(`(() => {
      const canvas = document.querySelector('#${id} canvas');
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        const spread = Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]);
        if (data[at + 3] > 100 && spread > 40) count++;
      }
      return (count / (data.length / 4)) * 1000;
    })()`);

  it('is there before any data, fills as the run goes, and says when it is done', async () => {
    const view = new FixtureView();
    const tab = await open(view);
    await shows(tab, '#status', 'Running, 0%');
    expect(await tab.title()).toBe('Seattle, 2012–2015 · The weather record');
    expect(await text(tab, '#lede')).toBe('Waiting for the first observations.');
    expect(await text(tab, '#mean .value')).toBe('–');
    expect(await text(tab, '#rejects-shown')).toBe('Nothing has been set aside.');
    expect(await coloured(tab, 'temperature')).toBe(0);

    view.advance(40);
    await shows(tab, '#status', 'Running, 41%');
    await shows(tab, '#lede', /^609 of 1,461 days are in\. They were 0\.2 °C warmer than normal\./);
    const half = await coloured(tab, 'temperature');
    expect(half).toBeGreaterThan(10);

    view.finish();
    await shows(tab, '#status', 'Run complete');
    await shows(tab, '#lede', /^These years were 0\.7 °C warmer than normal\. It rained on 506 of 1,461 days/);
    expect(await coloured(tab, 'temperature')).toBeGreaterThan(half * 1.5);
    expect(await coloured(tab, 'rain')).toBeGreaterThan(10);
    expect(await coloured(tab, 'anomaly')).toBeGreaterThan(10);
    expect(await text(tab, '#run')).toMatch(/Clean\s+2,922\s+Set aside\s+29\s+Rows in\s+2,951/);
    expect(await text(tab, '#faults')).toMatch(/503\s+12/);
    expect(await text(tab, '#announcement')).toContain('Run complete');
    expect(complaints).toEqual([]);
  });

  it('shows another station and year, by mouse and by keyboard, and keeps them in the address', async () => {
    const view = new FixtureView();
    view.finish();
    const tab = await open(view);
    await shows(tab, '#warmest', /35\.6 °C\s+11 Aug 2014/);
    expect(await tab.locator('#periods tbody tr').count()).toBe(4);

    await tab.getByLabel('New York').check();
    await shows(tab, '#warmest', /37\.8 °C\s+18 Jul 2013/);
    await tab.getByRole('radio', { name: 'All', exact: true }).first().focus();
    for (let year = 2012; year <= 2014; year++) await tab.keyboard.press('ArrowRight');
    await shows(tab, 'h1', 'New York 2014');
    expect(await text(tab, '#coldest')).toMatch(/−16\.0 °C\s+4 Jan 2014/);
    expect(await tab.locator('#periods tbody tr').count()).toBe(12);
    expect(await tab.locator('#temperature .plot').getAttribute('aria-label')).toBe(
      'Temperature °C. From −16.0 °C on 4 Jan 2014 to 33.3 °C on 2 Sept 2014',
    );
    expect(await coloured(tab, 'anomaly')).toBeGreaterThan(10);

    expect(new URL(tab.url()).search).toBe('?station=new-york&year=2014');
    await tab.reload();
    await shows(tab, '#coldest', /−16\.0 °C/);
    expect(complaints).toEqual([]);
  });

  it('shows what it has by default where the address asks for what there is not', async () => {
    const view = new FixtureView();
    view.finish();
    const tab = await open(view, '/?station=oslo&year=1999&reason=rain');
    await shows(tab, '#warmest', /35\.6 °C/);
    expect(await text(tab, 'h1')).toBe('Seattle 2012–2015');
    expect(complaints).toEqual([]);
  });

  it('reads the day under the pointer off all charts', async () => {
    const view = new FixtureView();
    view.finish();
    const tab = await open(view, '/?year=2015');
    await shows(tab, '#rain .readout', /mm in all/);
    const box = await tab.locator('#rain .u-over').boundingBox();
    await tab.mouse.move((box?.x ?? 0) + (box?.width ?? 0) * (10.5 / 365), (box?.y ?? 0) + 20);
    await shows(tab, '#rain .readout', '11 Jan 2015: 1.5 mm');
    await shows(tab, '#temperature .readout', /^11 Jan 2015: .* to .* °C, mean .*, usually /);
    await shows(tab, '#anomaly .readout', /^11 Jan 2015: [+−]\d/);
    await tab.mouse.move(0, 0);
    await shows(tab, '#rain .readout', /mm in all/);
  });

  it('shows what became of the contracts and of the runs before, as text whatever values hold', async () => {
    const view = new FixtureView();
    const tab = await open(view);
    await shows(tab, '#layers', /^Raw.*Not judged yet\s+Clean.*Not judged yet\s+Insights.*Not judged yet$/is);
    view.finish();
    await shows(tab, '#layers', /All 31 rules kept/);
    expect(await text(tab, '#layers')).toContain('39 of 41 rules kept');
    expect(await tab.locator('#layers .critical').allInnerTexts()).toEqual([
      `no sensor is stuck: wind 1 of 96 groups, such as ${hostile}`,
    ]);
    expect(await tab.locator('#layers li.kept .mark').count()).toBe(13);
    expect(await tab.locator('#layers li.kept .mark.broken').getAttribute('aria-label')).toBe(
      '8 Jan 2016: broken, 2,922 rows',
    );
    await tab.getByRole('link', { name: 'The report on the clean layer' }).click();
    expect(await tab.title()).toBe('clean');
    expect(complaints).toEqual([]);
  });

  it('lists the rejects by reason, as text whatever they hold', async () => {
    const view = new FixtureView();
    view.finish();
    const tab = await open(view);
    await shows(tab, '#rejects-shown', '29 observations set aside.');
    expect(await tab.locator('#rejects tbody tr').count()).toBe(10);
    await tab.getByRole('button', { name: 'Show all 29' }).click();
    expect(await tab.locator('#rejects tbody tr').count()).toBe(29);
    expect(await text(tab, '#rejects')).toContain(JSON.stringify(hostile));
    expect(await tab.locator('#rejects img').count()).toBe(0);
    expect(await tab.title()).not.toBe('owned');

    await tab.getByLabel('Missing').check();
    await shows(tab, '#rejects-shown', '6 observations set aside.');
    expect(await text(tab, '#rejects tbody tr >> nth=0')).toMatch(
      /Missing\s+New York\s+raw\/new-york\/2012-02\.json row 7\s+precipitation_sum: want a number of mm, got null/,
    );
    expect(new URL(tab.url()).searchParams.get('reason')).toBe('missing');
    expect(complaints).toEqual([]);
  });

  it('says why a run failed', async () => {
    const view = new FixtureView();
    view.advance(10);
    view.set({ status: 'failed', error: 'raw/seattle/2012-06.json: no space left on device' });
    const tab = await open(view);
    await shows(tab, '#status', 'Run failed');
    expect(await text(tab, '#note')).toBe('raw/seattle/2012-06.json: no space left on device');
    await shows(tab, '#lede', /^152 of 1,461 days are in/);
  });

  it('says when the server stopped, keeps what it showed, and goes on when it is back', async () => {
    const view = new FixtureView();
    view.advance(40);
    const tab = await open(view);
    await shows(tab, '#mean .value', '12.0');
    const { port } = page;
    const from = performance.now();
    await page.close();
    expect(performance.now() - from).toBeLessThan(1_000);
    await shows(tab, '#status', 'Server stopped');
    expect(await text(tab, '#note')).toBe('The run had not ended when the server stopped. What it had read is shown.');
    const elapsed = await text(tab, '#elapsed');
    await tab.waitForTimeout(300);
    expect(await text(tab, '#elapsed')).toBe(elapsed);
    expect(await text(tab, '#mean .value')).toBe('12.0');

    page = await servePage(view, { port });
    view.finish();
    await shows(tab, '#status', 'Run complete');
    await shows(tab, '#mean .value', '12.3');
  });

  it('fits a phone, in the dark', async () => {
    const view = new FixtureView();
    view.finish();
    const tab = await open(view, '/?year=2014', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
    await shows(tab, '#mean .value', '12.8');
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await tab.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(20, 22, 26)');
    await tab.setViewportSize({ width: 800, height: 600 });
    await expect
      .poll(() => tab.evaluate(`document.querySelector('#temperature canvas').clientWidth`))
      .toBeGreaterThan(700);
    expect(complaints).toEqual([]);
  });
});
