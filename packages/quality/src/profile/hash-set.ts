/** 64-bit hashes that were met, in 16 bytes each at most. */
export class HashSet {
  #table = new Int32Array(128);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether it is new. */
  add(high: number, low: number): boolean {
    // Zeros are free slots.
    if (!insert(this.#table, high, high === 0 && low === 0 ? 1 : low)) return false;
    this.#size++;
    if (this.#size * 4 > this.#table.length) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at] ?? 0;
      const low = old[at + 1] ?? 0;
      if (high !== 0 || low !== 0) insert(this.#table, high, low);
    }
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
