import { parseArgs } from 'node:util';

export interface Arguments {
  /** Left out for all. */
  readonly package?: string | undefined;
  /** One of the package's benchmarks and scenarios; left out for all. */
  readonly name?: string | undefined;
  readonly json: boolean;
  readonly smoke: boolean;
}

const options = { json: { type: 'boolean', default: false }, smoke: { type: 'boolean', default: false } } as const;

/** @throws {Error} For an argument that is not known, with those that are. */
export function parseArguments(args: readonly string[], packages: readonly string[]): Arguments {
  const { values, positionals, tokens } = parseArgs({
    args: args.filter((arg) => arg !== '--'), // pnpm passes it on
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const usage = `Usage: npx --yes pnpm@12.21.0 bench [package[/name]] [--json] [--smoke]\nPackages: ${packages.join(', ')}`;
  const unknown = tokens.find(
    (token) => token.kind === 'option' && (!(token.name in options) || token.value !== undefined),
  );
  if (unknown?.kind === 'option') {
    const value = unknown.value === undefined ? '' : `=${unknown.value}`;
    throw new Error(`Unknown flag "${unknown.rawName}${value}".\n${usage}`);
  }
  const [topic, extra] = positionals;
  const [packageName, name] = topic?.split('/') ?? [];
  if (extra !== undefined) throw new Error(`One package at a time, got also "${extra}".\n${usage}`);
  if (packageName !== undefined && !packages.includes(packageName)) {
    throw new Error(`No benchmarks for "${packageName}".\n${usage}`);
  }
  return { package: packageName, name, json: values.json === true, smoke: values.smoke === true };
}
