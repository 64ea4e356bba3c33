import { readFile } from 'node:fs/promises';

/** A file of the page, held in memory: there are few and they are small. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

const types = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

const own = [
  ['style.css', 'css'],
  ['favicon.svg', 'svg'],
  ['main.js', 'js'],
  ['api.js', 'js'],
  ['choice.js', 'js'],
  ['dom.js', 'js'],
  ['format.js', 'js'],
  ['record.js', 'js'],
  ['charts.js', 'js'],
  ['summary.js', 'js'],
  ['run.js', 'js'],
  ['contracts.js', 'js'],
  ['rejects.js', 'js'],
] as const;

/** Reads every file the page may ask for, by its path on the server; any other path is unknown, so none can escape. */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const files: (readonly [path: string, at: string, type: keyof typeof types])[] = [
    ['/', new URL('static/index.html', import.meta.url).href, 'html'],
    ...own.map(([name, type]) => [`/${name}`, new URL(`static/${name}`, import.meta.url).href, type] as const),
    ['/uplot/uPlot.esm.js', import.meta.resolve('uplot/dist/uPlot.esm.js'), 'js'],
    ['/uplot/uPlot.min.css', import.meta.resolve('uplot/dist/uPlot.min.css'), 'css'],
  ];
  const read = files.map(
    async ([path, at, type]) => [path, { type: types[type], body: await readFile(new URL(at)) }] as const,
  );
  return new Map(await Promise.all(read));
}
