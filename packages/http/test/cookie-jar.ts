import type { CookieJar } from '../src/index.ts';

/** A jar by origin alone, which heeds nothing but a cookie's name and value and throws at one without `=`. */
export class SmallJar implements CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>();

  async getCookieString(url: string): Promise<string> {
    const own = this.#cookies.get(new URL(url).origin) ?? new Map<string, string>();
    return [...own].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async setCookie(cookie: string, url: string, { ignoreError }: { ignoreError: boolean }): Promise<void> {
    const [, name, value] = /^([^=;]+)=([^;]*)/.exec(cookie) ?? [];
    if (name === undefined || value === undefined) {
      if (ignoreError) return;
      throw new Error('The cookie has no name.');
    }
    const { origin } = new URL(url);
    const own = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, own.set(name, value));
  }
}
