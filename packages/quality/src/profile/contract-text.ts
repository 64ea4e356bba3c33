import type { Rule } from '../rules/rule.ts';

export interface Proposal {
  readonly rule: Rule;
  /** The call that makes it; none when the schema says it. */
  readonly code: string | undefined;
}

/** A module that exports the contract. */
export function contractText(
  name: string,
  rows: number,
  fields: readonly (readonly [name: string, schema: string])[],
  proposals: readonly Proposal[],
): string {
  const calls = proposals.flatMap(({ code }) => (code === undefined ? [] : [`  ${code},`]));
  return [
    `// Proposed from a profile of ${rows} ${rows === 1 ? 'row' : 'rows'}: it says what was, so change it to what must be.`,
    "import { contract } from '@dataenginex/quality';",
    "import { z } from 'zod';",
    '',
    'const Row = z.object({',
    ...fields.map(([field, schema]) => `  ${keyOf(field)}: ${schema},`),
    '});',
    '',
    `export const ${identifierOf(name)} = contract(${codeOf(name)}, Row, (c, t) => [`,
    ...calls,
    ']);',
    '',
  ].join('\n');
}

/** A value as it is written in code. */
export function codeOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return `new Date(${codeOf(value.toISOString())})`;
  if (Array.isArray(value)) return `[${value.map(codeOf).join(', ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{ ${entries.map(([key, item]) => `${keyOf(key)}: ${codeOf(item)}`).join(', ')} }`;
  }
  return quote(typeof value === 'string' ? value : typeof value);
}

/** `c.temp`, or `c['max temp']`. */
export function memberOf(object: string, name: string): string {
  return isIdentifier(name) ? `${object}.${name}` : `${object}[${quote(name)}]`;
}

function keyOf(name: string): string {
  return isIdentifier(name) ? name : quote(name);
}

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

/** In single quotes, with whatever would end it or show badly escaped. */
function quote(text: string): string {
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`);
  return `'${escaped.replaceAll(/[\u007f-\u009f\u2028\u2029\u200b-\u200f\u202a-\u202e\ufeff]/g, escapeUnit)}'`;
}

function escapeUnit(unit: string): string {
  return String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** `weather.daily` as WeatherDaily, and no name that the module has another use for. */
function identifierOf(name: string): string {
  const words = name.match(/[A-Za-z0-9]+/g) ?? [];
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^(?!(?:Row|Date)$)[A-Z]/.test(joined) ? joined : `Contract${joined}`;
}
