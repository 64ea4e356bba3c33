import type { ColumnType, Dialect } from './dialect.ts';
import { quoteName, quoteText } from './quote.ts';
import { re2 } from './regex.ts';

export const duckdbDialect: Dialect = {
  name: 'DuckDB',
  regex: re2,
  typeOf(name) {
    const type = (kind: ColumnType['kind'], ...types: ColumnType['types']): ColumnType => ({ kind, types, name });
    if (name === 'BOOLEAN') return type('boolean', 'boolean');
    if (/^U?(?:TINY|SMALL)INT$|^U?INTEGER$/.test(name)) return type('integer', 'integer', 'number');
    if (/^U?(?:BIG|HUGE)INT$/.test(name)) return type('integer', 'integer', 'number', 'bigint');
    if (/^(?:FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(name)) return type('number', 'number');
    if (name === 'VARCHAR' || name === 'UUID' || name.startsWith('ENUM(')) return type('text', 'string');
    if (name === 'DATE') return { ...type('date', 'date', 'string'), isDay: true };
    if (/^TIMESTAMP(?:_S|_MS|_NS| WITH TIME ZONE)?$/.test(name)) return type('date', 'date', 'string');
    if (name === '"NULL"') return type('none');
    if (name.endsWith(']')) return type('other', 'array');
    return /^(?:STRUCT|MAP)\(/.test(name) ? type('other', 'object') : type('other');
  },
  read(column, { kind, name }) {
    if (name === 'DOUBLE') return `nullif(${column}, CAST('NaN' AS DOUBLE))`;
    if (name === 'FLOAT') return `nullif(CAST(${column} AS DOUBLE), CAST('NaN' AS DOUBLE))`;
    if (kind === 'number') return `CAST(${column} AS DOUBLE)`;
    // A collation of the column would make other texts equal, and puts them in another order.
    if (kind === 'text') return name === 'VARCHAR' ? `(${column} COLLATE "binary")` : `CAST(${column} AS VARCHAR)`;
    if (kind !== 'date') return column;
    const moment = name.endsWith('ZONE') ? `make_timestamp(epoch_us(${column}))` : `CAST(${column} AS TIMESTAMP)`;
    return `CASE WHEN isfinite(${column}) THEN ${moment} END`;
  },
  null: (kind) => `CAST(NULL AS ${kind === 'number' ? 'DOUBLE' : 'VARCHAR'})`,
  textType: 'VARCHAR',
  quote: quoteName,
  text: quoteText,
  double: (value) => `CAST('${value}' AS DOUBLE)`,
  moment: (text) => `TIMESTAMP '${text}'`,
  asText({ sql, kind, isDay }) {
    if (kind === 'text') return sql;
    if (kind !== 'date') return `CAST(${sql} AS VARCHAR)`;
    return `strftime(${sql}, '${isDay === true ? '%Y-%m-%d' : '%Y-%m-%dT%H:%M:%S.%gZ'}')`;
  },
  length: (text) => `length(${text})`,
  matches: (text, regex) => `regexp_matches(${text}, ${quoteText(regex)})`,
  // json_valid takes NaN, Infinity and a comma before the end, which are no JSON.
  isJson: (text) =>
    `(json_valid(${text}) AND NOT regexp_matches(regexp_replace(${text}, '"(?:[^"\\\\]|\\\\.)*"', '""', 'g'), '(?i)nan|inf|,\\s*[\\]}]'))`,
  written({ sql, kind }) {
    if (kind === 'date') return `epoch_us(${sql})`;
    return kind === 'other' ? `CAST(to_json(${sql}) AS VARCHAR)` : sql;
  },
  sum: ({ sql, kind }) => (kind === 'number' ? `fsum(${sql})` : `sum(${sql})`),
  deviation: (numbers) => `stddev_samp(${numbers})`,
  quantile: (numbers, share) => `quantile_disc(${numbers}, ${share})`,
  listOf: (items) => {
    const cases = items.map(({ condition, text }) => `CASE WHEN ${condition} THEN ${quoteText(text)} END`);
    return `CAST(to_json([item FOR item IN [${cases.join(', ')}] IF item IS NOT NULL]) AS VARCHAR)`;
  },
};
