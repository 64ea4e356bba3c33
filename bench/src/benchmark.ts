/** A subject that is ready to be measured. */
export interface Prepared<Result> {
  /** Does the work `n` times, and returns what `check` looks at. */
  run(n: number): Result | Promise<Result>;
  /** Up to now, of the process that does the work where it is another one: its CPU time and peak RSS. */
  usage?: (() => Usage) | undefined;
  teardown?: (() => void | Promise<void>) | undefined;
}

export interface Usage {
  /** User and system time, in microseconds. */
  readonly cpuUs: number;
  readonly peakRssBytes: number;
}

/** The set-up of one subject, outside the clock. */
export type Subject<Result> = () => Prepared<Result> | Promise<Prepared<Result>>;

export interface Benchmark<Result = unknown, Name extends string = string> {
  /** What is compared, as a heading. */
  title: string;
  /** What one operation is, and the settings that all subjects share. */
  about: string;
  /** The subject that the others are divided by. */
  baseline: Name;
  /** By name. A name that begins with a dependency of `bench/package.json` is shown with its version. */
  subjects: Record<Name, Subject<Result>>;
  /** Throws when what `run(n)` returned is wrong. Every subject is asked before a clock starts. */
  check(result: Result, n: number): void;
}

/** Types a benchmark: its baseline is one of its subjects, and all of them return what `check` takes. */
export function benchmark<Result, Name extends string>(
  definition: Omit<Benchmark<Result, Name>, 'baseline' | 'check'> & {
    baseline: NoInfer<Name>;
    check(result: NoInfer<Result>, n: number): void;
  },
): Benchmark<Result, Name> {
  return definition;
}
