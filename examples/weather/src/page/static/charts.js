/** @import { Insights } from '../../model.ts' */
/** @import { Bar, Shown } from './record.js' */
import uPlot from '/uplot/uPlot.esm.js';
import { find, say } from './dom.js';
import { count, decimal, fullDate, monthAndYear, plural, signed } from './format.js';

const daySeconds = 86_400;
const monthSeconds = 30.4 * daySeconds;

/**
 * What a chart shows now; the plot reads it anew each time it draws.
 *
 * @typedef {object} Drawn
 * @property {string} frame Where this differs the plot is made anew, else it is given the data.
 * @property {Shown} shown
 * @property {any} plot
 */

/**
 * @typedef {object} Chart
 * @property {string} id
 * @property {(shown: Shown) => readonly (readonly (number | null)[])[]} data
 * @property {(insights: Insights, shown: Shown) => readonly [min: number, max: number]} range The same for every year of a station, so that years compare.
 * @property {(entry: Drawn, ink: (name: string) => string) => Record<string, any>} look Series and bands.
 * @property {(shown: Shown, index: number) => string} describe What stands at an index.
 * @property {(shown: Shown) => string} sum What the whole chart says.
 */

/** @type {readonly Chart[]} */
const charts = [
  {
    id: 'temperature',
    data: ({ byMonth, times, days }) => [
      times,
      days.map((day) => day?.tempMax ?? null),
      days.map((day) => day?.tempMin ?? null),
      byMonth ? calm(days) : days.map((day) => day?.tempMean ?? null),
      days.map((day) => day?.normal ?? null),
    ],
    range: ({ days }) => [
      stepDown(Math.min(-5, ...days.map((day) => day.tempMin)), 10),
      -stepDown(-Math.max(35, ...days.map((day) => day.tempMax)), 10),
    ],
    look: ({ shown }, ink) => ({
      series: [
        {},
        { width: 0, points: { show: false } },
        { width: 0, points: { show: false } },
        { stroke: ink('--ink'), width: shown.byMonth ? 1.75 : 1.25, points: { show: false } },
        { stroke: ink('--normal'), width: 1.5, dash: [5, 4], points: { show: false } },
      ],
      bands: [{ series: [1, 2], fill: (/** @type {any} */ plot) => heat(plot, ink) }],
    }),
    describe({ days }, index) {
      const day = days[index];
      if (!day) return 'No observation';
      const usual = day.normal === null ? '' : `, usually ${decimal(day.normal)}`;
      return `${fullDate(day.date)}: ${decimal(day.tempMin)} to ${decimal(day.tempMax)} °C, mean ${decimal(day.tempMean)}${usual}`;
    },
    sum: ({ total }) =>
      total === null
        ? ''
        : `From ${decimal(total.tempMin)} °C on ${fullDate(total.tempMinDate)} to ${decimal(total.tempMax)} °C on ${fullDate(total.tempMaxDate)}`,
  },
  {
    id: 'rain',
    data: ({ bars }) => [bars.map(({ at }) => at), bars.map(({ precipitation }) => precipitation)],
    range: ({ days, months }, { byMonth }) => [
      0,
      byMonth
        ? -stepDown(-Math.max(150, ...months.map((month) => month.precipitation)), 50)
        : -stepDown(-Math.max(30, ...days.map((day) => day.precipitation)), 10),
    ],
    look: (entry, ink) => barLook(entry, () => ink('--rain')),
    describe: ({ bars }, index) => barText(bars[index], (bar) => `${decimal(bar.precipitation)} mm`),
    sum: ({ read, total }) => {
      if (total === null || read.length === 0) return '';
      const wettest = read.reduce((best, day) => (day.precipitation > best.precipitation ? day : best));
      return `${count(Math.round(total.precipitation))} mm in all; most on ${fullDate(wettest.date)}, ${decimal(wettest.precipitation)} mm`;
    },
  },
  {
    id: 'anomaly',
    data: ({ bars }) => [bars.map(({ at }) => at), bars.map(({ anomaly }) => anomaly)],
    range: ({ days, months }, { byMonth }) => {
      const known = (byMonth ? months : days).map(({ anomaly }) => Math.abs(anomaly ?? 0));
      const most = -stepDown(-Math.max(byMonth ? 4 : 8, ...known), 2);
      return [-most, most];
    },
    look: (entry, ink) => barLook(entry, ({ anomaly }) => ink((anomaly ?? 0) < 0 ? '--cool' : '--warm')),
    describe: ({ bars }, index) =>
      barText(bars[index], (bar) => (bar.anomaly === null ? 'normal not known' : `${signed(bar.anomaly)} °C`)),
    sum({ read }) {
      const known = read.filter(({ anomaly }) => anomaly !== null);
      if (known.length === 0) return '';
      const above = known.filter(({ anomaly }) => (anomaly ?? 0) > 0).length;
      return `${plural(above, 'day')} above normal, ${count(known.length - above)} below`;
    },
  },
];

/**
 * Draws the three charts of what is shown, and keeps them at their figures' width.
 *
 * @param {Insights} insights
 * @param {Shown} shown
 */
export function drawCharts(insights, shown) {
  for (const chart of charts) draw(chart, insights, shown);
}

/** @type {Map<string, Drawn>} */
const drawn = new Map();

/** @param {Chart} chart @param {Insights} insights @param {Shown} shown */
function draw(chart, insights, shown) {
  const figure = find(`#${chart.id}`);
  const place = find(`#${chart.id} .plot`);
  const range = chart.range(insights, shown);
  const { clientWidth: width, clientHeight: height } = place;
  if (chart.id === 'temperature') say('.key-mean', shown.byMonth ? '31-day mean' : 'mean');
  const frame = JSON.stringify([
    shown.from,
    shown.to,
    range,
    width,
    height,
    matchMedia('(prefers-color-scheme: dark)').matches,
  ]);
  const before = drawn.get(chart.id);
  place.setAttribute('aria-label', `${figure.querySelector('h2')?.textContent}. ${chart.sum(shown)}`);
  if (before?.frame === frame) {
    before.shown = shown;
    before.plot.setData(chart.data(shown));
    tell(chart, before);
    return;
  }
  before?.plot.destroy();
  const entry = { frame, shown, plot: null };
  drawn.set(chart.id, entry);
  entry.plot = new uPlot(options(chart, entry, range, width, height), chart.data(shown), place);
  tell(chart, entry);
}

/** Says what stands under the pointer, else what the chart says. @param {Chart} chart @param {Drawn} entry */
function tell({ id, sum, describe }, { shown, plot }) {
  const index = plot.cursor.idx;
  say(`#${id} .readout`, index == null ? sum(shown) : describe(shown, index));
}

/**
 * @param {Chart} chart
 * @param {Drawn} entry
 * @param {readonly [number, number]} range
 * @param {number} width
 * @param {number} height
 */
function options(chart, entry, range, width, height) {
  const styles = getComputedStyle(document.documentElement);
  const ink = (/** @type {string} */ name) => styles.getPropertyValue(name).trim();
  const { shown } = entry;
  const axis = { stroke: ink('--soft'), font: `12px ${ink('--sans')}`, ticks: { show: false } };
  const marks = timeMarks(shown, width);
  return {
    width,
    height,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    scales: { x: { time: false, range: [shown.from, shown.to] }, y: { range: [...range] } },
    axes: [
      {
        ...axis,
        size: 28,
        gap: 6,
        grid: { show: false },
        splits: () => marks.map(({ at }) => at),
        values: () => marks.map(({ label }) => label),
      },
      {
        ...axis,
        size: 40,
        gap: 8,
        space: 26,
        grid: { stroke: ink('--rule'), width: 1 },
        values: (/** @type {any} */ _plot, /** @type {number[]} */ at) =>
          at.map((value) => `${value}`.replace('-', '−')),
      },
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
      sync: { key: 'record', setSeries: false, scales: ['x', null] },
    },
    hooks: {
      setCursor: [
        () => {
          if (entry.plot) tell(chart, entry);
        },
      ],
    },
    ...chart.look(entry, ink),
  };
}

/** Names of months in the middle of each, or of years. @param {Shown} shown @param {number} width */
function timeMarks({ byMonth, from, to }, width) {
  const first = new Date(from * 1000).getUTCFullYear();
  const starts = byMonth
    ? Array.from({ length: new Date(to * 1000).getUTCFullYear() - first + 1 }, (_, index) => Date.UTC(first + index, 0))
    : Array.from({ length: 13 }, (_, index) => Date.UTC(first, index));
  /** @type {Intl.DateTimeFormatOptions} */
  const style = byMonth ? { year: 'numeric' } : { month: width < 520 ? 'narrow' : 'short' };
  const name = new Intl.DateTimeFormat('en-GB', { ...style, timeZone: 'UTC' });
  return starts.slice(0, -1).map((start, index) => ({
    at: (start + (starts[index + 1] ?? start)) / 2000,
    label: name.format(start),
  }));
}

/** The band's colour follows the temperature: blue at frost, red in heat. @param {any} plot @param {(name: string) => string} ink */
function heat(plot, ink) {
  const low = plot.valToPos(-4, 'y', true);
  const high = plot.valToPos(32, 'y', true);
  const gradient = plot.ctx.createLinearGradient(0, low, 0, high);
  gradient.addColorStop(0, ink('--band-cold'));
  gradient.addColorStop(0.45, ink('--band-mild'));
  gradient.addColorStop(1, ink('--band-hot'));
  return gradient;
}

/** @param {Drawn} entry @param {(bar: Bar) => string} colour */
function barLook(entry, colour) {
  const wide = entry.shown.byMonth ? monthSeconds * 0.72 : daySeconds * 0.9;
  const paths = uPlot.paths.bars({
    disp: {
      x0: { unit: 1, values: () => entry.shown.bars.map(({ at }) => at - wide / 2) },
      size: { unit: 1, values: () => [wide] },
      fill: { unit: 3, values: () => entry.shown.bars.map((bar) => colour(bar)) },
    },
  });
  return { series: [{}, { width: 0, fill: 'transparent', paths, points: { show: false } }] };
}

/** @param {Bar | undefined} bar @param {(bar: Bar) => string} value */
function barText(bar, value) {
  if (bar === undefined || bar.precipitation === null) return 'No observation';
  const when = bar.period.length === 7 ? monthAndYear(bar.period) : fullDate(bar.period);
  return `${when}: ${value(bar)}`;
}

/** The mean of the 31 days around each: years of single days are a thicket. @param {Shown['days']} days */
function calm(days) {
  return days.map((day, index) => {
    const near = days.slice(Math.max(0, index - 15), index + 16).filter((other) => other !== null);
    return day && near.reduce((sum, other) => sum + other.tempMean, 0) / near.length;
  });
}

/** @param {number} value @param {number} step */
const stepDown = (value, step) => Math.floor(value / step) * step;
