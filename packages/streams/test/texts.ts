import fc from 'fast-check';

/** A code point that is no half of a surrogate pair. fast-check's own (`'binary'`) takes a second to set up. */
const character = fc
  .oneof(fc.nat(0x7f), fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10_ffff }))
  .map((code) => String.fromCodePoint(code));

/** Text of anything that UTF-8 can hold. */
export const anyText = (constraints: { maxLength?: number } = {}): fc.Arbitrary<string> =>
  fc.string({ ...constraints, unit: character });
