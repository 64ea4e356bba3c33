declare module 'opossum' {
  /** What the benchmarks use of it; it comes without types. */
  export default class CircuitBreaker<A extends readonly unknown[], R> {
    constructor(
      fn: (...args: A) => Promise<R>,
      options: { timeout: number; resetTimeout: number; capacity?: number; volumeThreshold?: number },
    );
    fire(...args: A): Promise<R>;
    shutdown(): void;
  }
}
