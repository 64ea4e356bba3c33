import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const found = places.find((place) => existsSync(place));
const required = (process.env['DEX_REQUIRE'] ?? '').split(',').includes('chromium');

/** Why there is no browser to test in; `undefined` where there is one, or where there has to be. */
export const noChromium = found === undefined && !required ? `no Chromium at ${places.join(', ')}` : undefined;

export function launchChromium(): Promise<Browser> {
  if (found === undefined) throw new Error(`DEX_REQUIRE asks for chromium, but it is not at ${places.join(', ')}.`);
  return chromium.launch({ executablePath: found, args: ['--no-sandbox'] });
}
