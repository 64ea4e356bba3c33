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

/** A body of text: JSON and forms are known by how they look, and written anew only if they hold a secret. */
export function redactBody(text: string, isSecret?: IsSecret): string {
  if (/^[^\s=&<]+=[^\s<]*$/.test(text)) return redactUrls(`?${text}`, isSecret).slice(1);
  if (!/^\s*[[{]/.test(text)) return text;
  let found = false;
  try {
    const value: unknown = JSON.parse(text, (name, member: unknown) => {
      if (typeof member !== 'string' || !(isSecret ?? isSecretMember)(name)) return member;
      found = true;
      return redacted;
    });
    return found ? JSON.stringify(value) : text;
  } catch {
    return text;
  }
}

function isSecretMember(name: string): boolean {
  return secretMember.test(name);
}
