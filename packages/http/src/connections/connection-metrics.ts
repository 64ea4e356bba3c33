import { type Attributes, type MeterProvider, metrics, type ObservableResult } from '@opentelemetry/api';
import { Agent, type Dispatcher } from 'undici';

const agents = new Set<Agent>();
let provider: MeterProvider | undefined;

/**
 * Reports the open connections of a client's own agent, idle and active, whenever metrics are collected: for each server
 * those of all clients together.
 *
 * @returns What ends it.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpclientopen_connections
 */
export function observeConnections(dispatcher: Dispatcher): () => void {
  if (!(dispatcher instanceof Agent)) return () => {};
  agents.add(dispatcher);
  const current = metrics.getMeterProvider();
  if (current !== provider) {
    provider = current;
    current
      .getMeter('@dataenginex/http')
      .createObservableUpDownCounter('http.client.open_connections', {
        unit: '{connection}',
        description: 'Connections to a server that are idle or have a request under way.',
      })
      .addCallback(observe);
  }
  return () => agents.delete(dispatcher);
}

/** What was last reported of each server: an SDK goes on with the last value of what is not reported any more. */
let servers = new Map<string, Attributes>();

function observe(result: ObservableResult): void {
  const counts = new Map<string, { idle: number; active: number }>();
  for (const agent of agents) {
    for (const [origin, stats] of Object.entries(agent.stats)) {
      const count = counts.get(origin) ?? { idle: 0, active: 0 };
      const idle = 'free' in stats ? stats.free : 0;
      count.idle += idle;
      count.active += Number(stats.connected) - idle;
      counts.set(origin, count);
    }
  }
  for (const [origin, server] of servers) if (!counts.has(origin)) report(result, server, 0, 0);
  servers = new Map(
    [...counts].map(([origin, { idle, active }]) => {
      const server = servers.get(origin) ?? attributesOf(new URL(origin));
      report(result, server, idle, active);
      return [origin, server];
    }),
  );
}

function report(result: ObservableResult, server: Attributes, idle: number, active: number): void {
  result.observe(idle, { ...server, 'http.connection.state': 'idle' });
  result.observe(active, { ...server, 'http.connection.state': 'active' });
}

function attributesOf({ hostname, port, protocol }: URL): Attributes {
  return { 'server.address': hostname, 'server.port': Number(port) || (protocol === 'https:' ? 443 : 80) };
}
