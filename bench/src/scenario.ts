/** How contenders fare through a stretch of trouble, which no ratio of times can tell. */
export interface Scenario {
  readonly title: string;
  readonly about: string;
  /**
   * Runs all contenders.
   *
   * @param smoke To see that it works, in seconds.
   * @returns The lines of a table, the header first.
   */
  run(smoke: boolean, onProgress: (step: string) => void): Promise<string[][]>;
}

export interface ScenarioReport {
  readonly title: string;
  readonly about: string;
  readonly rows: readonly (readonly string[])[];
}
