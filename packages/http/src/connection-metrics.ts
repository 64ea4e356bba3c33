import { metrics, type ObservableResult } from '@opentelemetry/api';
import { Agent, type Dispatcher } from 'undici';

/**
 * Reports the open connections of a client's own agent, idle and active, whenever metrics are collected.
 *
 * @returns What ends it.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpclientopen_connections
 */
export function observeConnections(dispatcher: Dispatcher): () => void {
  if (!(dispatcher instanceof Agent)) return () => {};
  const connections = metrics
    .getMeter('@dataenginex/http')
    .createObservableUpDownCounter('http.client.open_connections', {
      unit: '{connection}',
      description: 'Connections to an origin that are idle or have a request under way.',
    });
  const observe = (result: ObservableResult): void => {
    for (const [origin, stats] of Object.entries(dispatcher.stats)) {
      const url = new URL(origin);
      const open = Number(stats.connected);
      const idle = 'free' in stats ? stats.free : 0;
      const server = {
        'server.address': url.hostname,
        'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
      };
      result.observe(idle, { ...server, 'http.connection.state': 'idle' });
      result.observe(open - idle, { ...server, 'http.connection.state': 'active' });
    }
  };
  connections.addCallback(observe);
  return () => connections.removeCallback(observe);
}
