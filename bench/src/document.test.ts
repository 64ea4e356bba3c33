import { describe, expect, it } from 'vitest';
import { replaceSections } from './document.ts';

const headings = (document: string): string[] => document.match(/^##? .*/gm) ?? [];

describe('replaceSections', () => {
  it('begins with how to read it', () => {
    expect(replaceSections('', {})).toMatch(/^# Benchmarks\n\n.*How to read/s);
  });

  it('sorts the sections', () => {
    const document = replaceSections('', { streams: '## streams', core: '## core', http: '## http' });
    expect(headings(document)).toEqual(['# Benchmarks', '## core', '## http', '## streams']);
  });

  it('changes nothing the second time', () => {
    const sections = { http: '## http\n\n$1 $& stays as it is', core: '## core' };
    const document = replaceSections('', sections);
    expect(replaceSections(document, sections)).toBe(document);
    expect(replaceSections(document, {})).toBe(document);
  });

  it('replaces one section and leaves the others alone', () => {
    const before = replaceSections('', { core: '## core\n\nold', http: '## http\n\nold', streams: '## streams' });
    const after = replaceSections(before, { http: '## http\n\nnew' });
    expect(after).toBe(before.replace('## http\n\nold', '## http\n\nnew'));
  });

  it('adds a section that is new', () => {
    const after = replaceSections(replaceSections('', { http: '## http' }), { core: '## core' });
    expect(headings(after)).toEqual(['# Benchmarks', '## core', '## http']);
  });
});
