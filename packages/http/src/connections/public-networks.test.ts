import { expect, it } from 'vitest';
import { isPublicAddress } from './public-networks.ts';

it.each([
  '8.8.8.8',
  '198.41.0.4',
  '172.15.255.255',
  '172.32.0.0',
  '2606:4700::1111',
  '2001:4860:4860::8888',
  '2a00::1',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

it.each([
  '::',
  '::1',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
  '2001::1',
  '2001:db8::1',
  '3fff::1',
  'ff02::1',
  'fe80::1%1',
  '',
])('"%s" is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});
