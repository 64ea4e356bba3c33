import { createPool } from '@dataenginex/resources';
import genericPool from 'generic-pool';
import { Pool } from 'tarn';

export interface Connection {
  uses: number;
}

const max = 10;
const acquireMs = 10_000;
const idleMs = 30_000;
const settings = {
  create: async (): Promise<Connection> => ({ uses: 0 }),
  destroy: async (): Promise<void> => {},
};
const isOpen = ({ uses }: Connection): boolean => uses >= 0;

export const settled =
  '10 resources; each is validated on borrow (generic-pool wants a promise for that) and evicted when idle for 30 s; ' +
  'an acquire waits for 10 s at most. Only @dataenginex/resources also bounds age, waiters and `destroy`, ' +
  'and only it and tarn bound `create`.';

export function ours() {
  return createPool({ ...settings, validate: isOpen, max, acquireMs, idleMs });
}

export function generic() {
  return genericPool.createPool<Connection>(
    { ...settings, validate: async (connection) => isOpen(connection) },
    {
      max,
      testOnBorrow: true,
      acquireTimeoutMillis: acquireMs,
      idleTimeoutMillis: idleMs,
      evictionRunIntervalMillis: idleMs / 4,
    },
  );
}

export function tarn() {
  return new Pool<Connection>({
    ...settings,
    validate: isOpen,
    min: 0,
    max,
    acquireTimeoutMillis: acquireMs,
    createTimeoutMillis: acquireMs,
    destroyTimeoutMillis: 5_000,
    idleTimeoutMillis: idleMs,
    reapIntervalMillis: idleMs / 4,
  });
}
