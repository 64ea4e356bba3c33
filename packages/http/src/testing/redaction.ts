import { isSecretName } from '../facts.ts';

/** Whether a header, query parameter, form field or member of JSON is one that no file may hold. */
export type IsSecret = (name: string) => boolean;

/** In place of a secret. */
const redacted = 'REDACTED';

/** As a rule for members of JSON that for queries would take too much: an author is none of them, nor a map's key. */
const secretMember =
  /(?:token|secret|passw(?:or)?d|pwd|passphrase|credentials?|(?:api|access|private)[_-]?key|jwt|assertion|cookie)$/i;

/** The values of secret query parameters, wherever in the text they are; all else stays to the byte. */
export function redactUrls(text: string, isSecret: IsSecret = isSecretName): string {
  return text.replaceAll(/([?&])([^=&#\s]+)=[^&#\s<>"]*/g, (all, separator: string, name: string) => {
    const [[decoded = ''] = []] = new URLSearchParams(`${name}=`);
    return isSecret(decoded) ? `${separator}${name}=${redacted}` : all;
  });
}

/** The value of a header of an answer. How to authenticate is no secret, nor are a cookie's name and attributes. */
export function redactHeader(name: string, value: string, isSecret: IsSecret = isSecretName): string {
  if (name === 'set-cookie') return value.replace(/=[^;]*/, `=${redacted}`);
  if (name === 'www-authenticate' || name === 'proxy-authenticate') return value;
  return isSecret(name) ? redacted : redactUrls(value, isSecret);
}

/**
 * Any text in quotes, so that none is taken for what is between two, and the text that it may be the name of. Unrolled, as
 * V8 has no room to go back over millions of alternatives.
 */
const quoted = /("[^"\\]*(?:\\.[^"\\]*)*"?)(?:(\s*:\s*)"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$))?/g;
/** A field of a form with files. */
const part = /(content-disposition: form-data; name="([^"]*)"\r\n\r\n).*?(?=\r\n--)/gis;

/** A body of text: forms, and whatever has members of JSON in it, such as rows, events, and what was cut. */
export function redactBody(text: string, isSecret?: IsSecret): string {
  if (/^[^\s=&<]+=[^\s<]*$/.test(text)) return redactUrls(`?${text}`, isSecret).slice(1);
  return text
    .replaceAll(part, (all, head: string, name: string) => ((isSecret ?? isSecretName)(name) ? head + redacted : all))
    .replaceAll(quoted, (all, name: string, colon: string | undefined) =>
      colon !== undefined && (isSecret ?? isSecretMember)(nameOf(name)) ? `${name}${colon}"${redacted}"` : all,
    );
}

/** It may have escapes. */
function nameOf(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}

function isSecretMember(name: string): boolean {
  return secretMember.test(name);
}
