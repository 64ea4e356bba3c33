import { type Markup, markup } from './markup.ts';
import { literal, percent, thousands } from '../words.ts';

/** Part of a whole as a bar; a tick marks how much of it is forgiven. */
export function shareBar(share: number, forgiven: number): Markup {
  const width = share === 0 ? 0 : Math.max(share * 100, 1.5);
  const tick =
    forgiven > 0 && forgiven < 1
      ? markup`<rect class="tick" x="${round(forgiven * 100)}" width="0.6" height="8" />`
      : undefined;
  const label = `${percent(share)} break it${forgiven > 0 ? `, ${percent(forgiven)} may` : ''}`;
  return markup`<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="${label}"><title>${label}</title><rect class="rail" width="100" height="8" rx="1" /><rect class="part" width="${round(width)}" height="8" rx="1" />${tick}</svg>`;
}

export interface Bar {
  readonly label: string;
  readonly count: number;
}

/** How values are spread: a column for each bin. */
export function histogram(bars: readonly Bar[], what: string): Markup {
  const most = Math.max(...bars.map(({ count }) => count), 1);
  const width = 240 / Math.max(bars.length, 1);
  const columns = bars.map(({ label, count }, at) => {
    const height = count === 0 ? 0 : Math.max((count / most) * 60, 1);
    return markup`<rect x="${round(at * width)}" y="${round(60 - height)}" width="${round(Math.max(width - 1, 0.5))}" height="${round(height)}"><title>${label}: ${thousands(count)}</title></rect>`;
  });
  return markup`<svg class="histogram" viewBox="0 0 240 61" preserveAspectRatio="none" role="img" aria-label="${what}">${columns}
    <rect class="rail" y="60" width="240" height="1" /></svg>`;
}

/** The commonest values, each with a bar of its share. */
export function ranking(bars: readonly Bar[], total: number): Markup {
  return markup`<ol class="ranking">${bars.map(
    ({ label, count }) =>
      markup`<li><span class="label" title="${label}"><bdi>${label}</bdi></span><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" width="100" height="8" /><rect class="bar" width="${round((count / Math.max(total, 1)) * 100)}" height="8" /></svg><span class="count">${thousands(count)}</span></li>`,
  )}</ol>`;
}

/** A run of the contract; a `Run` of a history is one. */
export interface HtmlRun {
  readonly at: Date;
  readonly success: boolean;
  readonly rows: number;
}

/** Runs from the oldest to the newest: green or red, as high as they had rows. */
export function runStrip(runs: readonly HtmlRun[]): Markup {
  const most = Math.max(...runs.map(({ rows }) => rows), 1);
  const width = Math.min(14, 720 / Math.max(runs.length, 1));
  const bars = runs.map(({ at, success, rows }, place) => {
    const height = 6 + (rows / most) * 34;
    const label = `${at.toISOString().slice(0, 16).replace('T', ' ')}: ${success ? 'held' : 'failed'}, ${literal(rows)} rows`;
    return markup`<rect class="${success ? 'ok' : 'failed'}" x="${round(place * width)}" y="${round(40 - height)}" width="${round(width - Math.min(2, width / 4))}" height="${round(height)}" rx="1"><title>${label}</title></rect>${success ? undefined : markup`<circle class="failed" cx="${round(place * width + width / 2 - 1)}" cy="46" r="2" />`}`;
  });
  const failed = runs.filter(({ success }) => !success).length;
  const total = round(width * runs.length);
  return markup`<svg class="runs" viewBox="0 0 ${total} 50" width="${total}" height="50" role="img" aria-label="${failed} of the last ${runs.length} runs failed">${bars}</svg>`;
}

const round = (value: number): number => Math.round(value * 100) / 100;
