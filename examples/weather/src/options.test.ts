import { describe, expect, it, vi } from 'vitest';
import { readOptions } from './options.ts';

describe('readOptions', () => {
  it('has defaults', () => {
    expect(readOptions([])).toMatchObject({ once: false, live: false, help: false, port: 3000, seed: 1 });
  });

  it('keeps the live data in a folder of its own', () => {
    expect(readOptions(['--data', '/d']).dataFolder).toBe('/d');
    expect(readOptions(['--data', '/d', '--live']).dataFolder).toBe('/d/live');
  });

  it('keeps the data of an incident in a folder of its own', () => {
    const { incident, dataFolder } = readOptions(['--data', '/d', '--incident', 'missing-month']);
    expect({ incident, dataFolder }).toEqual({ incident: 'missing-month', dataFolder: '/d/missing-month' });
  });

  it('takes a relative folder from where the command was typed', () => {
    vi.stubEnv('INIT_CWD', '/typed');
    expect(readOptions(['--data', 'out']).dataFolder).toBe('/typed/out');
    vi.unstubAllEnvs();
  });

  it.each([
    [['--port', 'x'], '--port must be a whole number from 0 to 65535, got "x".'],
    [['--port', '70000'], '--port must be'],
    [['--seed', ''], '--seed must be'],
    [['--data='], '--data must name a folder'],
    [['--live', '--seed', '2'], '--seed is for the replay'],
    [
      ['--incident', 'flood'],
      '--incident must be one of unit-change, stuck-sensor, duplicated-day, missing-month, got "flood"',
    ],
    [['--live', '--incident', 'missing-month'], '--incident is for the replay'],
    [['--sed', '1'], "Unknown option '--sed'"],
    [['extra'], "Unexpected argument 'extra'"],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
