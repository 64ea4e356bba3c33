import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';

const packages = ['core', 'http'];

describe('parseArguments', () => {
  it('takes a package and flags in any order', () => {
    expect(parseArguments([], packages)).toEqual({ package: undefined, json: false, smoke: false });
    expect(parseArguments(['--smoke', 'http', '--json'], packages)).toEqual({
      package: 'http',
      json: true,
      smoke: true,
    });
    expect(parseArguments(['--', 'core'], packages).package).toBe('core');
    expect(parseArguments(['core/span'], packages)).toMatchObject({ package: 'core', name: 'span' });
  });

  it.each([
    [['--fast'], 'Unknown flag "--fast".'],
    [['-s'], 'Unknown flag "-s".'],
    [['--json=3'], 'Unknown flag "--json=3".'],
    [['htpp'], 'No benchmarks for "htpp".'],
    [['htpp/get'], 'No benchmarks for "htpp".'],
    [['core', 'http'], 'One package at a time, got also "http".'],
  ])('refuses %j and says what there is', (args, message) => {
    const usage = 'Usage: npx --yes pnpm@12.21.0 bench [package[/name]] [--json] [--smoke]\nPackages: core, http';
    expect(() => parseArguments(args, packages)).toThrow(`${message}\n${usage}`);
  });
});
