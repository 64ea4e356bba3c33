const target = /[\s,]*<([^>]*)>/y;
const parameter = /\s*;\s*(?:([^\s=;,"<>]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?)?/y;

/**
 * Where the first link with this relation leads, from what the header is about; undefined when there is none before the
 * header ends or breaks.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8288#section-3
 */
export function findLink(header: string, relation: string): string | undefined {
  let at = 0;
  const read = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (let link = read(target); link !== null; link = read(target)) {
    let relations: string | undefined;
    let isOfAnother = false;
    for (let found = read(parameter); found !== null; found = read(parameter)) {
      const [, name = '', quoted, plain = ''] = found;
      const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain;
      if (name.toLowerCase() === 'rel') relations ??= value; // only the first counts
      if (name.toLowerCase() === 'anchor') isOfAnother = true;
    }
    const isFound = relations?.toLowerCase().split(/\s+/).includes(relation) === true;
    if (isFound && !isOfAnother) return link[1];
  }
  return undefined;
}
