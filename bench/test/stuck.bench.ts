import { benchmark } from '../src/benchmark.ts';

export const bench = benchmark({
  title: 'Stuck',
  about: 'One operation never ends.',
  baseline: 'stuck',
  subjects: { stuck: () => ({ run: () => new Promise<number>(() => {}) }) },
  check: () => {},
});
