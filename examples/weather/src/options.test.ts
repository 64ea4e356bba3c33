import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('readOptions', () => {
  it('has defaults', () => {
    expect(readOptions([])).toMatchObject({ once: false, live: false, help: false, port: 3000, seed: 1 });
  });

  it('keeps the live data in a folder of its own', () => {
    expect(readOptions(['--data', 'd']).dataFolder).toBe('d');
    expect(readOptions(['--data', 'd', '--live']).dataFolder).toBe('d/live');
  });

  it.each([
    [['--port', 'x'], '--port must be a whole number from 0 to 65535, got "x".'],
    [['--port', '70000'], '--port must be'],
    [['--seed', ''], '--seed must be'],
    [['--sed', '1'], "Unknown option '--sed'"],
    [['extra'], "Unexpected argument 'extra'"],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
