import { LRUCache } from 'lru-cache';
import { Circuit, type CircuitSettings } from './circuit.ts';

/** The circuits of a breaker by key, bounded, so that those that matter are the last to be forgotten. */
export class Circuits {
  readonly #settings: CircuitSettings;
  readonly #maxKeys: number;
  readonly #recent: LRUCache<string, Circuit>;
  /** Of keys not used of late whose circuits were not closed then; that of the first was pushed out first. */
  readonly #kept = new Map<string, Circuit>();

  constructor(settings: CircuitSettings, maxKeys: number) {
    this.#settings = settings;
    this.#maxKeys = maxKeys;
    this.#recent = new LRUCache({
      max: maxKeys,
      dispose: (circuit, key, reason) => {
        if (reason === 'evict') this.#keep(key, circuit);
      },
    });
  }

  find(key: string): Circuit | undefined {
    return this.#recent.peek(key) ?? this.#kept.get(key);
  }

  get(key: string): Circuit {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const circuit = this.#kept.get(key) ?? new Circuit(this.#settings, key);
    this.#kept.delete(key);
    this.#recent.set(key, circuit);
    return circuit;
  }

  close(): void {
    for (const circuit of [...this.#recent.values(), ...this.#kept.values()]) circuit.close();
  }

  #keep(key: string, circuit: Circuit): void {
    if (circuit.state === 'closed' && circuit.parked === 0) {
      circuit.close(); // else what is under way would open a circuit that is no one's
      return;
    }
    this.#kept.set(key, circuit);
    if (this.#kept.size <= this.#maxKeys) return;
    for (const [candidate, kept] of this.#kept) {
      if (kept.state === 'isolated' || kept.parked > 0) continue;
      kept.close();
      this.#kept.delete(candidate);
      return;
    }
  }
}
