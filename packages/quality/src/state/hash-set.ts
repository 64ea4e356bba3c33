/** 64-bit hashes that were met, as two halves each, in an open table of 16 to 32 bytes each. */
export class HashSet {
  /** Zeros are free slots. */
  #table = new Int32Array(32);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether it is new. */
  add(high: number, low: number): boolean {
    if (!insert(this.#table, high, high === 0 && low === 0 ? 1 : low)) return false;
    this.#size++;
    if (this.#size * 4 > this.#table.length) this.#grow();
    return true;
  }

  forEach(visit: (high: number, low: number) => void): void {
    for (let at = 0; at < this.#table.length; at += 2) {
      const high = this.#table[at] ?? 0;
      const low = this.#table[at + 1] ?? 0;
      if (high !== 0 || low !== 0) visit(high, low);
    }
  }

  #grow(): void {
    const table = new Int32Array(this.#table.length * 2);
    this.forEach((high, low) => insert(table, high, low));
    this.#table = table;
  }
}

function insert(table: Int32Array, high: number, low: number): boolean {
  const mask = table.length - 1;
  let at = (low << 1) & mask;
  while (table[at] !== 0 || table[at + 1] !== 0) {
    if (table[at] === high && table[at + 1] === low) return false;
    at = (at + 2) & mask;
  }
  table[at] = high;
  table[at + 1] = low;
  return true;
}
