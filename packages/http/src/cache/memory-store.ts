import { LRUCache } from 'lru-cache';
import type { CacheEntry } from './entry.ts';
import type { CacheStore } from './store.ts';

/** Entries as they are, in the memory of this process; the least recently used keys go first. */
export class MemoryStore implements CacheStore {
  readonly #kept: LRUCache<string, readonly CacheEntry[]>;

  constructor(maxBytes: number) {
    this.#kept = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (entries, key) => entries.reduce((bytes, entry) => bytes + entry.bytes, key.length * 2),
    });
  }

  get(key: string): readonly CacheEntry[] | undefined {
    return this.#kept.get(key);
  }

  set(key: string, entry: CacheEntry): void {
    this.#kept.set(key, [entry, ...this.#without(key, entry.variant)]);
  }

  delete(key: string, variant?: string): void {
    const rest = variant === undefined ? [] : this.#without(key, variant);
    if (rest.length === 0) this.#kept.delete(key);
    else this.#kept.set(key, rest);
  }

  close(): void {
    this.#kept.clear();
  }

  #without(key: string, variant: string): CacheEntry[] {
    return this.#kept.peek(key)?.filter((entry) => entry.variant !== variant) ?? [];
  }
}
