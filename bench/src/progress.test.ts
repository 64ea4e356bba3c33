import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.ts';

function record(isTTY: boolean): { written: string[]; progress: ReturnType<typeof createProgress> } {
  const written: string[] = [];
  const stream = { isTTY, columns: 20, write: (text: string) => void written.push(text) };
  return { written, progress: createProgress(stream) };
}

describe('createProgress', () => {
  it('rewrites one line of a terminal, no longer than it is wide', () => {
    const { written, progress } = record(true);
    progress.show('http/get', 'round 1 of 20');
    progress.clear();
    expect(written).toEqual(['\r\u001B[Khttp/get: round 1 o', '\r\u001B[K']);
  });

  it('prints each topic once elsewhere', () => {
    const { written, progress } = record(false);
    progress.show('http/get');
    progress.show('http/get', 'round 1 of 20');
    progress.clear();
    progress.show('http/post');
    expect(written).toEqual(['http/get\n', 'http/post\n']);
  });
});
