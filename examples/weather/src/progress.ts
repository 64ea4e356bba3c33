import { insightsOf } from './insights.ts';
import type { Insights, Observation, Reason, Reject, RunState, Station, Verdict, View } from './model.ts';
import type { Normals } from './normals.ts';

/** What is known of a run so far. The pipeline writes it; the terminal and the page read it. */
export class Progress implements View {
  readonly #source: RunState['source'];
  readonly #startedAt = performance.now();
  readonly #listeners = new Set<() => void>();
  readonly #observations = new Map<Station['id'], Observation[]>();
  readonly #insights = new Map<Station['id'], Insights>();
  readonly #normals = new Map<Station['id'], Normals>();
  readonly #rejects: Reject[] = [];
  readonly #faults = new Map<string, number>();
  readonly #verdicts: Verdict[] = [];
  readonly #reports = new Map<string, string>();
  #status: RunState['status'] = 'running';
  #error: string | null = null;
  #endedAt: number | undefined;
  #monthsDone = 0;
  #monthsTotal = 0;
  #fetched = 0;
  #retries = 0;

  constructor(source: RunState['source']) {
    this.#source = source;
  }

  run(): RunState {
    const clean = [...this.#observations.values()].reduce((sum, days) => sum + days.length, 0);
    const rejected: Record<Reason, number> = { unit: 0, missing: 0, impossible: 0, late: 0, duplicate: 0 };
    for (const { reason } of this.#rejects) rejected[reason] += 1;
    return {
      status: this.#status,
      error: this.#error,
      source: this.#source,
      elapsedMs: Math.round((this.#endedAt ?? performance.now()) - this.#startedAt),
      months: { done: this.#monthsDone, total: this.#monthsTotal },
      fetched: this.#fetched,
      rows: clean + this.#rejects.length,
      clean,
      rejected,
      verdicts: this.#verdicts,
      retries: this.#retries,
      faults: Object.fromEntries(this.#faults),
    };
  }

  observations(station: Station['id']): readonly Observation[] {
    return this.#observations.get(station) ?? [];
  }

  insights(station: Station['id']): Insights {
    const known = this.#insights.get(station);
    if (known) return known;
    const insights = insightsOf(this.observations(station), this.#normals.get(station));
    this.#insights.set(station, insights);
    return insights;
  }

  rejects(): readonly Reject[] {
    return this.#rejects;
  }

  report(layer: string): string | undefined {
    return this.#reports.get(layer);
  }

  subscribe(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  start(monthsTotal: number): void {
    this.#monthsTotal = monthsTotal;
    this.#changed();
  }

  fetchedMonth(): void {
    this.#fetched += 1;
    this.#changed();
  }

  finishedMonth(): void {
    this.#monthsDone += 1;
    this.#changed();
  }

  /** Counts the observation in, and passes it on. */
  accept(observation: Observation): Observation {
    const days = this.#observations.get(observation.station);
    if (days) days.push(observation);
    else this.#observations.set(observation.station, [observation]);
    this.#insights.delete(observation.station);
    this.#changed();
    return observation;
  }

  reject(reject: Reject): void {
    this.#rejects.push(reject);
    this.#changed();
  }

  retry(fault: string): void {
    this.#retries += 1;
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
    this.#changed();
  }

  learnNormals(station: Station['id'], normals: Normals): void {
    this.#normals.set(station, normals);
    this.#insights.delete(station);
    this.#changed();
  }

  judged(verdict: Verdict, report: string): void {
    this.#verdicts.push(verdict);
    this.#reports.set(verdict.layer, report);
    this.#changed();
  }

  finish(): void {
    this.#end('done', null);
  }

  fail(error: string): void {
    this.#end('failed', error);
  }

  #end(status: RunState['status'], error: string | null): void {
    this.#status = status;
    this.#error = error;
    this.#endedAt = performance.now();
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
