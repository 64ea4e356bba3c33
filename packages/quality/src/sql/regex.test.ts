import { DuckDBInstance } from '@duckdb/node-api';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { compileRegex } from '../rows/patterns.ts';
import { duckdbDialect } from './duckdb-dialect.ts';
import type { Dialect } from './dialect.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { are, translateRegex } from './regex.ts';
import { noPostgres, startPostgres } from '../../test/postgres-server.ts';

const texts = [
  '',
  'a',
  'A',
  'ab',
  'abc',
  'a b',
  'a\nb',
  'b\n',
  'é',
  'É',
  'ß',
  '😀',
  'a😀b',
  '_',
  '-',
  ']',
  '^',
  '\\',
  '7',
  '٣',
  '\u00a0',
  '\u2028',
  'K',
  'ſ',
  'S',
  'k',
  'a.b',
  '{1}',
  'aaa',
  '\t',
  'ÿ',
  '\uffff',
];
const regexes = [
  'a',
  '^a$',
  '.',
  '^.$',
  '(?s)^.$',
  'a|b',
  '^(?:a|)b?$',
  '()',
  'a{0}',
  'a{2,}',
  '^a{1,2}$',
  'a+?b',
  '(?:a*)*b',
  '[^a]',
  '[^\\n]',
  '[]]',
  '[^]]',
  '[a\\]]',
  '[\\^a]',
  '[a-]',
  '[\\d-]',
  '\\d',
  '\\D',
  '\\w',
  '\\W',
  '\\s',
  '\\S',
  '[\\s\\S]',
  '[^\\s]',
  '\\ba',
  'b\\b',
  '(?i)k',
  '(?i)^s',
  '(?i)[a-c]',
  '(?i)[^k]',
  '(?i)\\w',
  '\\Aa',
  'b\\Z',
  '\\.',
  '\\\\',
  '{',
  '}',
  ']',
  '\\x61',
  '\\u00e9',
  '\\t',
  '😀',
  '[😀-😂]',
  '[é-ÿ]',
  '^[^é]*$',
  '(?P<n>a)b',
  '[\\w.-]+',
  '\\-',
  '^[\\x00-\\x7f]+$',
];

async function compareAll(dialect: Dialect, ask: (sql: string) => Promise<readonly unknown[]>): Promise<void> {
  for (const regex of regexes) {
    const compiled = compileRegex('regex', regex);
    const translated = translateRegex('regex', regex, dialect.regex);
    // A text as a database reads it: of a column that is in no language's order.
    const column = (text: string): string => dialect.read(dialect.text(text), dialect.typeOf('text'));
    const found = await ask(`SELECT ${texts.map((text) => dialect.matches(column(text), translated)).join(', ')}`);
    const missed = texts.filter((text, at) => found[at] !== compiled.test(text));
    expect([regex, translated, missed]).toEqual([regex, translated, []]);
  }
}

describe('regexes of rules as databases write them', () => {
  it('find in DuckDB what they find in JavaScript', async () => {
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    await compareAll(duckdbDialect, async (sql) => (await connection.runAndReadAll(sql)).getRowsJS()[0] ?? []);
    connection.closeSync();
  });

  it.skipIf(noPostgres !== undefined)('find in PostgreSQL what they find in JavaScript', async () => {
    await using server = await startPostgres();
    const client = new Client(server.config);
    await client.connect();
    const ask = async (text: string) => (await client.query<unknown[]>({ text, rowMode: 'array' })).rows[0] ?? [];
    await compareAll(postgresDialect(false), ask);
    await client.end();
  });

  it.each([
    ['a(?=b)', 'no lookaround'],
    ['(?<!a)b', 'no lookaround'],
    ['(a)\\1', 'no backreferences'],
    ['(?<n>a)\\k<n>', 'no backreferences'],
    ['\\p{L}', 'no \\p'],
    ['(?m)^a', 'no (?m)'],
    ['\\Ba', 'no \\B'],
    ['(?i)é', 'no letters beyond ASCII'],
    ['a{256}', 'no count above 255'],
    ['[\\ud83d]', 'no empty class'],
  ])('refuses %s: %s', (regex, why) => {
    expect(() => translateRegex('rule.regex', regex, are)).toThrow(why);
    expect(() => translateRegex('rule.regex', regex, are)).toThrow('Option "rule.regex"');
  });
});
