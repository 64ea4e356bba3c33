import { OptionError } from '@dataenginex/core';

/** A name as SQL has it, whatever is in it. */
export function quoteName(name: string): string {
  return `"${checkWritable('table', name).replaceAll('"', '""')}"`;
}

/** A text where `\` means itself. */
export function quoteText(text: string): string {
  return `'${checkWritable('value', text).replaceAll("'", "''")}'`;
}

/** Whether a text can be one of a database. */
export function isWritable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function checkWritable(option: string, text: string): string {
  if (isWritable(text)) return text;
  throw new OptionError(option, 'a text without NUL and halves of surrogate pairs', text);
}

/** `daily`, or `weather.daily`: names between dots, in quotes where they have a dot themselves. */
export function quoteQualified(option: string, name: string): string {
  const parts = /^(?:"(?:[^"]|"")+"|[^".]+)(?:\.(?:"(?:[^"]|"")+"|[^".]+))*$/.test(name)
    ? name.match(/"(?:[^"]|"")+"|[^".]+/g)
    : null;
  if (parts === null) throw new OptionError(option, 'the name of a table, or { sql }', name);
  return parts
    .map((part) => quoteName(part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part))
    .join('.');
}
