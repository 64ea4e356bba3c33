/** A pattern of `LIKE` with `!` as its escape. */
export function translateLike(pattern: string, escape: string | undefined): string {
  let translated = '';
  let escaped = false;
  for (const character of pattern) {
    if (character === escape && !escaped) {
      escaped = true;
      continue;
    }
    const isWildcard = (character === '%' || character === '_') && !escaped;
    translated += !isWildcard && /[%_!]/.test(character) ? `!${character}` : character;
    escaped = false;
  }
  return translated;
}
