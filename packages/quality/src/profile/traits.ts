import type { TypeName } from '../rules/expectations.ts';
import { codeOf } from './contract-text.ts';
import type { TextFormat } from './formats.ts';
import type { ColumnProfile } from './profile.ts';

const names = ['string', 'integer', 'number', 'boolean', 'bigint', 'date', 'array', 'object'] as const;

/** As rules know them: integers are numbers when others have a fraction. */
export function typesOf({ types }: ColumnProfile): TypeName[] {
  const found = names.filter((name) => (types[name] ?? 0) > 0);
  return found.includes('number') ? found.filter((name) => name !== 'integer') : found;
}

/** The values of a text column that takes few, if each is whole and comes often enough to be no accident. */
export function enumOf(column: ColumnProfile, maxEnum: number): string[] | undefined {
  const { count, top, topIsAll, texts } = column;
  const isFew = topIsAll && top.length <= maxEnum && count >= 10 * top.length;
  if (!isFew || texts?.count !== count || texts.maxLength > 40) return undefined;
  return top.map(({ value }) => String(value)).toSorted();
}

/** The format that all texts have. */
function formatOf({ texts, count }: ColumnProfile): TextFormat | undefined {
  const [format] = texts?.formats ?? [];
  return format?.count === count ? format.format : undefined;
}

const schemas = {
  string: 'z.string()',
  integer: 'z.int()',
  number: 'z.number()',
  boolean: 'z.boolean()',
  bigint: 'z.bigint()',
  date: 'z.date()',
  array: 'z.array(z.unknown())',
  object: 'z.record(z.string(), z.unknown())',
};
const formats = { date: 'z.iso.date()', 'date-time': 'z.iso.datetime()', uuid: 'z.uuid()' };

/** A column's schema in zod. */
export function schemaOf(column: ColumnProfile, maxEnum: number): string {
  const { numbers, nulls, count } = column;
  if (count === 0) return 'z.unknown()';
  const [type = 'object', ...others] = typesOf(column);
  const values = enumOf(column, maxEnum);
  const format = formatOf(column);
  const isSafe = numbers !== undefined && Number.isSafeInteger(numbers.min) && Number.isSafeInteger(numbers.max);
  const one = type === 'integer' && !isSafe ? schemas.number : schemas[type];
  const several = [type, ...others].map((name) => (name === 'integer' ? schemas.number : schemas[name]));
  const schema =
    others.length > 0
      ? `z.union([${several.join(', ')}])`
      : values !== undefined
        ? `z.enum(${codeOf(values)})`
        : format !== undefined
          ? formats[format]
          : one;
  return nulls > 0 ? `${schema}.nullable()` : schema;
}
