import { STATUS_CODES } from 'node:http';
import { stations, type View } from '../model.ts';
import type { Asset } from './assets.ts';

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the page's server answers to a GET of `url`, save for the stream of events. */
export function answer(url: URL, view: View, assets: ReadonlyMap<string, Asset>): Reply {
  switch (url.pathname) {
    case '/api/run':
      return json(view.run());
    case '/api/insights':
      return insights(url.searchParams.get('station'), view);
    case '/api/rejects':
      return json(view.rejects());
    case '/quality/raw':
    case '/quality/clean':
    case '/quality/insights':
      return report(url.pathname.slice('/quality/'.length), view);
    default: {
      const asset = assets.get(url.pathname);
      if (asset === undefined) return problem(404, `There is nothing at ${url.pathname}.`);
      return { status: 200, ...asset, headers: { 'cache-control': 'no-cache' } };
    }
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
export function problem(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = JSON.stringify({ title: STATUS_CODES[status], status, detail });
  return { status, type: 'application/problem+json', body, headers };
}

/** A page of its own, with its styles in it, that says itself what it may load. */
function report(layer: string, view: View): Reply {
  const page = view.report(layer);
  if (page === undefined) return problem(404, `The contract of the ${layer} layer was not judged yet.`);
  const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
  return { status: 200, type: 'text/html; charset=utf-8', body: page, headers: { 'content-security-policy': policy } };
}

function json(value: unknown): Reply {
  return { status: 200, type: 'application/json', body: JSON.stringify(value) };
}

function insights(wanted: string | null, view: View): Reply {
  const station = stations.find(({ id }) => id === wanted);
  if (station !== undefined) return json(view.insights(station.id));
  const got = wanted === null ? 'no station' : `station ${JSON.stringify(wanted)}`;
  return problem(400, `Got ${got}, want station to be one of ${stations.map(({ id }) => id).join(', ')}.`);
}
