import type { ColumnType, Dialect } from './dialect.ts';
import { quoteName, quoteText } from './quote.ts';
import { are } from './regex.ts';

/** A text, whatever the server's `standard_conforming_strings` says. */
const text = (value: string): string => {
  const quoted = quoteText(value);
  return quoted.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
};

/** @param isJsonKnown PostgreSQL 16 and later can tell whether a text is JSON. */
export function postgresDialect(isJsonKnown: boolean): Dialect {
  return {
    name: 'PostgreSQL',
    regex: are,
    typeOf(name) {
      const type = (kind: ColumnType['kind'], ...types: ColumnType['types']): ColumnType => ({ kind, types, name });
      if (name === 'boolean') return type('boolean', 'boolean');
      if (name === 'smallint' || name === 'integer' || name === 'oid') return type('integer', 'integer', 'number');
      if (name === 'bigint') return type('integer', 'integer', 'number', 'bigint');
      if (['real', 'double precision', 'numeric'].includes(name)) return type('number', 'number');
      if (name === 'text') return type('text', 'string');
      if (name === 'date') return { ...type('date', 'date', 'string'), isDay: true };
      if (name.startsWith('timestamp ')) return type('date', 'date', 'string');
      if (name === 'array') return type('other', 'array');
      return name === 'record' ? type('other', 'object') : type('other');
    },
    read(column, { kind, name }) {
      if (name === 'oid') return `CAST(${column} AS bigint)`;
      if (kind === 'number') return `nullif(CAST(${column} AS float8), CAST('NaN' AS float8))`;
      // Collations of a language put texts in another order, and some make other texts equal.
      if (kind === 'text') return `CAST(${column} AS text) COLLATE "C"`;
      if (kind !== 'date') return column;
      const moment = name.endsWith('with time zone')
        ? `(${column} AT TIME ZONE 'UTC')`
        : `CAST(${column} AS timestamp)`;
      return `CASE WHEN isfinite(${column}) THEN ${moment} END`;
    },
    null: (kind) => (kind === 'number' ? 'CAST(NULL AS float8)' : 'CAST(NULL AS text) COLLATE "C"'),
    textType: 'text',
    quote: quoteName,
    text,
    double: (value) => `CAST('${value}' AS float8)`,
    moment: (moment) => `TIMESTAMP '${moment}'`,
    asText({ sql, kind, isDay }) {
      if (kind === 'text') return sql;
      if (kind !== 'date') return `CAST(${sql} AS text)`;
      return `to_char(${sql}, '${isDay === true ? 'YYYY-MM-DD' : 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'}')`;
    },
    length: (value) => `char_length(${value})`,
    matches: (value, regex) => `${value} ~ ${text(regex)}`,
    isJson: (value) => (isJsonKnown ? `(${value} IS JSON)` : undefined),
    written({ sql, kind }) {
      if (kind === 'date') return `(extract(epoch FROM ${sql}) * 1000000)`;
      return kind === 'other' ? `CAST(to_json(${sql}) AS text)` : sql;
    },
    sum: ({ sql }) => `sum(${sql})`,
    deviation: (numbers) => `stddev_samp(${numbers})`,
    quantile: (numbers, share) => `percentile_disc(${share}) WITHIN GROUP (ORDER BY ${numbers})`,
    listOf: (items) => {
      const cases = items.map(({ condition, text: item }) => `CASE WHEN ${condition} THEN ${text(item)} END`);
      return `CAST(array_to_json(array_remove(CAST(ARRAY[${cases.join(', ')}] AS text[]), NULL)) AS text)`;
    },
  };
}
