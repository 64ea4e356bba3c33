import type { OperatorError } from '../errors.ts';
import type { Barrier } from './input.ts';
import type { Clock, FusedOperator, Step } from './operator.ts';
import type { Position } from './position.ts';

/** A fused operator and its place in the pipe, from 1. */
export interface PlacedOperator {
  readonly operator: FusedOperator<never, unknown>;
  readonly place: number;
}

/** A step whose types `pipe` has checked; a method, so that steps of any type fit. */
export interface AnyStep extends Omit<Step<never>, 'push'> {
  push(this: void, item: unknown): void;
}

interface PlacedStep {
  readonly step: AnyStep;
  readonly name: string;
  readonly place: number;
  readonly clock: Readonly<Clock>;
}

/**
 * Thrown by `stop()` through every push on the way to whoever feeds the steps: operators need not ask after each push
 * whether to go on, and one in the middle of a loop of pushes ends too.
 */
class Stop {
  readonly steps: Steps;
  readonly next: number;

  constructor(steps: Steps, next: number) {
    this.steps = steps;
    this.next = next;
  }
}

interface StepsContext {
  readonly fail: (operator: PlacedOperator, error: unknown) => OperatorError;
  /** Where the item that is being pushed came from. */
  readonly position: () => Position;
  /** The state that the operator at a place goes on from. */
  readonly restore?: ((place: number) => unknown) | undefined;
}

/** Fused operators, each pushing into the next, and the last into `out`. */
export class Steps {
  /** Pushes into the first. What it throws belongs into `stopBy`. */
  readonly push: (item: unknown) => void;
  /** The clock of what is pushed into the first, to be set by whoever pushes, and that of what comes out. */
  readonly clock: Clock = createClock();
  readonly out: Readonly<Clock>;
  readonly #steps: PlacedStep[] = [];
  /** Those that want to hear of the watermark. */
  readonly #advancing: readonly PlacedStep[];

  constructor(operators: readonly PlacedOperator[], out: AnyStep, { fail, position, restore }: StepsContext) {
    let { clock } = this;
    const clocks = operators.map(({ operator }) => {
      const before = clock;
      if (operator.timed === true || operator.holds === true) clock = createClock();
      return { clock: before, out: clock };
    });
    this.out = clock;
    let { push } = out;
    for (const [index, placed] of [...operators.entries()].toReversed()) {
      const stop = (): never => {
        throw new Stop(this, index + 1);
      };
      const { operator, place } = placed;
      const context = {
        place,
        position,
        stop,
        restored: restore?.(place),
        ...(clocks[index] ?? { clock, out: clock }),
      };
      const step: AnyStep = operator.fuse(push, (error) => fail(placed, error), context);
      this.#steps.unshift({ step, name: operator.name, place, clock: context.clock });
      ({ push } = step);
    }
    this.push = push;
    this.#advancing = this.#steps.filter(({ step }) => step.advance !== undefined);
  }

  /** Tells of the watermarks as they are. What it throws belongs into `stopBy`. */
  advance(): void {
    if (this.#advancing.length === 0) return;
    for (const { step, clock } of this.#advancing) step.advance?.(clock.watermark);
  }

  /** Puts the state of every step into a checkpoint. */
  save(barrier: Barrier): void {
    for (const { step, name, place } of this.#steps) {
      if (step.save !== undefined) barrier.save(place, name, step.save());
    }
  }

  /** The items are over: every step pushes what it holds back. */
  end(from = 0): void {
    for (let index = from; index < this.#steps.length; index += 1) {
      try {
        this.#steps[index]?.step.end?.();
      } catch (error) {
        this.stopBy(error);
        return;
      }
    }
  }

  /** Ends what stands behind the step that called `stop()`. @throws `error`, when it is anything else. */
  stopBy(error: unknown): void {
    if (!(error instanceof Stop) || error.steps !== this) throw error;
    this.end(error.next);
  }
}

function createClock(): Clock {
  return { time: NaN, watermark: -Infinity };
}
