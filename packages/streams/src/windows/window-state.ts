import { OptionError } from '@dataenginex/core';
import type { Aggregate } from './aggregates.ts';
import { detach } from '../pipes/detach.ts';
import { WindowLimitError } from '../errors.ts';
import type { AnyStep } from '../pipes/fuse.ts';
import type { FuseContext, Step } from '../pipes/operator.ts';
import { type Timer, Timers } from './timers.ts';
import type { WindowKey } from './windows.ts';

/** How a kind of windows is made: an item belongs to that of its `firstStart`, and to one every `slideMs` from there. */
export interface WindowKind {
  readonly name: string;
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly firstStart: (time: number) => number;
  /** Whether windows of one key that meet become one. */
  readonly merges: boolean;
}

export interface WindowSettings<T> {
  readonly key: ((item: T) => WindowKey) | undefined;
  readonly aggregates: readonly (readonly [name: string, aggregate: Aggregate<T, unknown, unknown>])[];
  readonly latenessMs: number;
  readonly late: ((item: T, clock: { time: number; watermark: number }) => void) | undefined;
  readonly maxWindows: number;
}

interface Pane {
  /** Inclusive. */
  start: number;
  /** Exclusive. */
  end: number;
  readonly key: WindowKey;
  /** The how-manieth it was to be made: windows that end together fire in this order, however the items are chunked. */
  readonly order: number;
  /** What its aggregates keep. */
  kept: unknown[];
  /** Whether a result has been given. */
  hasFired: boolean;
  /** Whether items came since. */
  isDue: boolean;
  /** The one that counts; older ones of the heap are void. */
  timer: PaneTimer | undefined;
}

interface PaneTimer extends Timer {
  readonly pane: Pane;
}

const NONE: readonly Pane[] = [];

/**
 * Keys that may stay without a window: a `Map` that is emptied and filled again leaves tables that keep each other, and
 * the windows in them, alive until a full collection.
 */
const SPARE_KEYS = 1000;

interface Saved {
  readonly watermark: number;
  readonly made: number;
  readonly panes: readonly Pane[];
}

/** The windows that are open, of every key. A window fires when the watermark passes the last moment in it. */
export class WindowState<T> implements Step<T> {
  readonly #kind: WindowKind;
  readonly #settings: WindowSettings<T>;
  readonly #out: AnyStep;
  readonly #fail: (error: unknown) => Error;
  readonly #context: FuseContext;
  readonly #panes = new Map<WindowKey, Pane[]>();
  readonly #timers = new Timers<PaneTimer>();
  #size = 0;
  #made = 0;
  /** Everything that is due by it has been done. */
  #watermark = -Infinity;

  constructor(
    kind: WindowKind,
    settings: WindowSettings<T>,
    out: AnyStep,
    fail: (error: unknown) => Error,
    context: FuseContext,
  ) {
    this.#kind = kind;
    this.#settings = settings;
    this.#out = out;
    this.#fail = fail;
    this.#context = context;
    if (isSaved(context.restored)) this.#restore(context.restored);
  }

  readonly push = (item: T): void => {
    const { time, watermark } = this.#context.clock;
    this.advance(watermark);
    let key: WindowKey;
    try {
      if (Number.isNaN(time)) throw new TypeError('the items have no event time: put eventTime before it');
      key = this.#settings.key?.(item);
      if (typeof key === 'object' && key !== null) throw new TypeError('a key must be a primitive value');
    } catch (error) {
      throw this.#fail(error);
    }
    let isTaken = false;
    // One between two windows may be late too.
    let isLate = time + this.#settings.latenessMs <= this.#watermark;
    const { sizeMs, slideMs } = this.#kind;
    for (let start = this.#kind.firstStart(time); start <= time; start += slideMs) {
      const pane = this.#paneFor(key, start, start + sizeMs);
      if (pane === undefined) {
        isLate = true;
        continue;
      }
      isTaken = true;
      this.#add(pane, item);
      if (pane.end - 1 <= this.#watermark) this.#fire(pane, 'late');
      this.#schedule(pane);
    }
    if (isLate && !isTaken) this.#refuse(item, time);
  };

  /** The watermark of what comes out stays: what operators behind still hold back is not late for the next window. */
  readonly end = (): void => {
    const { out } = this.#context;
    const { watermark } = out;
    this.advance(Infinity);
    out.watermark = watermark;
  };

  readonly advance = (watermark: number): void => {
    if (watermark <= this.#watermark) return;
    for (let timer = this.#timers.take(watermark); timer !== undefined; timer = this.#timers.take(watermark)) {
      const { pane } = timer;
      if (timer !== pane.timer) continue;
      pane.timer = undefined;
      // The timer of a session that has grown comes too early.
      if (pane.isDue && pane.end - 1 === timer.at) this.#fire(pane, pane.hasFired ? 'late' : 'onTime');
      if (this.#isOver(pane.end, timer.at)) this.#drop(pane);
      else this.#schedule(pane);
    }
    // What a window gives belongs before the watermark that made it fire.
    this.#watermark = watermark;
    this.#context.out.watermark = watermark;
  };

  readonly save = (): Saved => ({
    watermark: this.#watermark,
    made: this.#made,
    panes: [...this.#panes.values()].flat().map((pane) => ({ ...pane, timer: undefined })),
  });

  #restore({ watermark, made, panes }: Saved): void {
    this.#watermark = watermark;
    this.#context.out.watermark = watermark;
    this.#made = made;
    for (const saved of panes) {
      const pane = { ...saved };
      this.#keep(pane);
      this.#schedule(pane);
    }
  }

  #isOver(end: number, watermark: number): boolean {
    return end - 1 + this.#settings.latenessMs <= watermark;
  }

  /** @returns The window that takes an item, made or merged if need be; `undefined` when the item is too late for it. */
  #paneFor(key: WindowKey, start: number, end: number): Pane | undefined {
    const panes = this.#panes.get(key) ?? NONE;
    if (!this.#kind.merges) {
      for (const pane of panes) if (pane.start === start) return pane;
      return this.#open(key, start, end);
    }
    const met = panes.filter((pane) => pane.start <= end && pane.end >= start);
    const [first, ...others] = met;
    if (first === undefined) return this.#open(key, start, end);
    for (const other of others) {
      this.#merge(first, other);
      this.#drop(other);
    }
    first.start = Math.min(first.start, start);
    first.end = Math.max(first.end, end);
    return first;
  }

  #open(key: WindowKey, start: number, end: number): Pane | undefined {
    if (this.#isOver(end, this.#watermark)) return undefined;
    const { maxWindows } = this.#settings;
    if (this.#size === maxWindows) {
      const { place, position } = this.#context;
      throw new WindowLimitError(this.#kind.name, place, position(), maxWindows);
    }
    const kept = this.#settings.aggregates.map(([, aggregate]) => aggregate.create());
    const pane: Pane = {
      key: detach(key),
      start,
      end,
      order: (this.#made += 1),
      kept,
      hasFired: false,
      isDue: false,
      timer: undefined,
    };
    this.#keep(pane);
    return pane;
  }

  #keep(pane: Pane): void {
    const panes = this.#panes.get(pane.key);
    if (panes === undefined) this.#panes.set(pane.key, [pane]);
    else panes.push(pane);
    this.#size += 1;
  }

  #drop(pane: Pane): void {
    const panes = this.#panes.get(pane.key);
    panes?.splice(panes.indexOf(pane), 1);
    pane.timer = undefined;
    this.#size -= 1;
    if (this.#panes.size <= this.#size * 2 + SPARE_KEYS) return;
    for (const [key, { length }] of this.#panes) if (length === 0) this.#panes.delete(key);
  }

  #add(pane: Pane, item: T): void {
    pane.isDue = true;
    const { kept } = pane;
    const { aggregates } = this.#settings;
    try {
      for (let at = 0; at < aggregates.length; at += 1) kept[at] = aggregates[at]?.[1].add(kept[at], item);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #merge(pane: Pane, other: Pane): void {
    pane.start = Math.min(pane.start, other.start);
    pane.end = Math.max(pane.end, other.end);
    pane.hasFired ||= other.hasFired;
    try {
      pane.kept = this.#settings.aggregates.map(([, aggregate], at) => aggregate.merge(pane.kept[at], other.kept[at]));
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #fire(pane: Pane, firing: 'onTime' | 'late'): void {
    const { key, start, end, kept } = pane;
    const result: Record<string, unknown> = {};
    try {
      for (const [at, [name, aggregate]] of this.#settings.aggregates.entries()) {
        result[name] = aggregate.result(kept[at]);
      }
    } catch (error) {
      throw this.#fail(error);
    }
    pane.hasFired = true;
    pane.isDue = false;
    this.#context.out.time = end - 1;
    this.#out.push({ key, start, end, firing, ...result });
  }

  /** For its end, and once it has fired for when it is forgotten. */
  #schedule(pane: Pane): void {
    const at = pane.end - 1 + (pane.isDue ? 0 : this.#settings.latenessMs);
    if (pane.timer !== undefined && pane.timer.at <= at) return;
    pane.timer = { at, order: pane.order, pane };
    this.#timers.add(pane.timer);
  }

  #refuse(item: T, time: number): void {
    try {
      this.#settings.late?.(item, { time, watermark: this.#watermark });
    } catch (error) {
      throw this.#fail(error);
    }
  }
}

function isSaved(restored: unknown): restored is Saved {
  return restored !== undefined;
}

/** @throws {OptionError} When one of the results would take the place of a window's own field. */
export function listAggregates<T>(
  name: string,
  aggregate: Readonly<Record<string, Aggregate<T, unknown, unknown>>>,
): WindowSettings<T>['aggregates'] {
  const entries = Object.entries(aggregate);
  const own = new Set(['key', 'start', 'end', 'firing', '__proto__']);
  for (const [field, value] of entries) {
    if (own.has(field)) throw new OptionError(`${name}.aggregate`, `no field named ${field}`, field);
    if ((['create', 'add', 'merge', 'result'] as const).every((method) => typeof value[method] === 'function'))
      continue;
    const wanted = 'an aggregate, such as count(), or one of yours with create, add, merge and result';
    throw new OptionError(`${name}.aggregate.${field}`, wanted, value);
  }
  return entries;
}
