import * as rx from 'rxjs';
import { describe, expect, it } from 'vitest';
import { delay, watched } from '../../test/sources.ts';
import { fromObservable, map, type Observer, pipe, run, toObservable } from '../index.ts';

const readings = (values: readonly number[]) => ({
  subscribe({ next, complete }: Observer<number>) {
    for (const value of values) next(value);
    complete();
    return { unsubscribe() {} };
  },
});

describe('fromObservable', () => {
  it('reads rxjs, in order, and unsubscribes at the end', async () => {
    let torn = 0;
    const source = rx.interval(1).pipe(
      rx.take(5),
      rx.finalize(() => (torn += 1)),
    );
    const double = pipe(
      fromObservable(source),
      map((n) => n * 2),
    );
    expect(await Array.fromAsync(double)).toEqual([0, 2, 4, 6, 8]);
    expect(await Array.fromAsync(double)).toEqual([0, 2, 4, 6, 8]);
    expect(torn).toBe(2);
  });

  it('subscribes only once it is run', async () => {
    const subject = new rx.Subject<number>();
    const pipeline = fromObservable(subject);
    expect(subject.observed).toBe(false);
    const reading = Array.fromAsync(pipeline);
    await delay(1);
    subject.next(1);
    subject.complete();
    expect(await reading).toEqual([1]);
  });

  it.each([
    ['dropOldest', [3, 4, 5], [1, 2]],
    ['dropNewest', [1, 2, 3], [4, 5]],
  ] as const)('with %s keeps %j of what a slow pipe cannot take, and tells the rest', async (overflow, kept, lost) => {
    const dropped: number[] = [];
    const onDrop = (value: number) => void dropped.push(value);
    const source = fromObservable(readings([1, 2, 3, 4, 5]), { capacity: 3, overflow, onDrop });
    expect(await Array.fromAsync(source)).toEqual(kept);
    expect(dropped).toEqual(lost);
  });

  it('fails by default, after what waited, and unsubscribes', async () => {
    const subject = new rx.Subject<number>();
    const got: number[] = [];
    const reading = (async () => {
      for await (const value of fromObservable(subject, { capacity: 2 })) got.push(value);
    })();
    await delay(1);
    for (const value of [1, 2, 3, 4]) subject.next(value);
    await expect(reading).rejects.toMatchObject({
      code: 'DEX_OVERFLOW',
      capacity: 2,
      message:
        'fromObservable stopped: more than 2 values were waiting, its capacity. ' +
        "Raise that, or let overflow be 'dropOldest' or 'dropNewest'.",
    });
    expect(got).toEqual([1, 2]);
    expect(subject.observed).toBe(false);
  });

  it('holds no more than its capacity and a chunk for a slow consumer', async () => {
    const subject = new rx.Subject<number>();
    let dropped = 0;
    const rows = fromObservable(subject, { capacity: 10, overflow: 'dropNewest', onDrop: () => (dropped += 1) });
    const iterator = rows[Symbol.asyncIterator]();
    const first = iterator.next();
    await delay(1);
    for (let n = 0; n < 1_000; n += 1) subject.next(n);
    expect(await first).toEqual({ done: false, value: 0 });
    for (let n = 1_000; n < 2_000; n += 1) subject.next(n);
    await delay(1);
    expect(dropped).toBe(2_000 - 20);
    await iterator.return?.();
    expect(subject.observed).toBe(false);
  });

  it("passes the observable's error on, after the values before it", async () => {
    const got: number[] = [];
    const source = rx.concat(
      rx.of(1, 2),
      rx.throwError(() => new RangeError('Too warm.')),
    );
    const running = run(fromObservable(source), { write: (items) => void got.push(...items), close() {} });
    await expect(running).rejects.toThrow(RangeError);
    expect(got).toEqual([1, 2]);
  });

  it('ends with what onDrop throws', async () => {
    const options = {
      capacity: 1,
      overflow: 'dropOldest' as const,
      onDrop: () => {
        throw new RangeError('None must be lost.');
      },
    };
    await expect(run(fromObservable(readings([1, 2]), options))).rejects.toThrow('None must be lost.');
  });

  it('calls what tears the subscription down, where subscribe returns that', async () => {
    let torn = 0;
    const source = {
      subscribe({ next, complete }: Observer<number>) {
        next(1);
        complete();
        return () => {
          torn += 1;
        };
      },
    };
    expect(await Array.fromAsync(fromObservable(source))).toEqual([1]);
    expect(torn).toBe(1);
  });

  it('is aborted while it waits', async () => {
    const subject = new rx.Subject<number>();
    const signal = AbortSignal.timeout(10);
    const started = performance.now();
    await expect(run(fromObservable(subject), undefined, { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - started).toBeLessThan(300);
    expect(subject.observed).toBe(false);
  });

  it.each([
    [{ capacity: 0 }, 'capacity'],
    [{ overflow: 'drop' }, 'overflow'],
    [{ onDrop: 1 }, 'onDrop'],
  ])('refuses the options %j', (options, option) => {
    // @ts-expect-error not options
    expect(() => fromObservable(rx.EMPTY, options)).toThrow(`Option "fromObservable.${option}" must be`);
  });

  it.each([null, undefined, {}, [1]])('refuses %j, which cannot be subscribed to', (source) => {
    // @ts-expect-error not an observable
    expect(() => fromObservable(source)).toThrow('Option "fromObservable.source" must be an observable');
  });
});

describe('toObservable', () => {
  it('is one for rxjs, run anew for each subscriber', async () => {
    const observable = rx.from(
      toObservable(
        pipe(
          [1, 2, 3],
          map((n) => n * 2),
        ),
      ),
    );
    expect(await rx.lastValueFrom(observable.pipe(rx.toArray()))).toEqual([2, 4, 6]);
    expect(await rx.lastValueFrom(observable.pipe(rx.toArray()))).toEqual([2, 4, 6]);
  });

  it('closes its source when nobody is subscribed any more, also while that hangs', async () => {
    const { seen, items } = watched(3, { hangs: true });
    const values: number[] = [];
    const subscription = rx.from(toObservable(items())).subscribe((n) => values.push(n));
    await delay(20);
    expect(values).toEqual([0, 1, 2]);
    subscription.unsubscribe();
    await delay(600);
    expect(seen.closed).toBe(0);

    const other = watched(1_000_000);
    const two = await rx.lastValueFrom(rx.from(toObservable(other.items())).pipe(rx.take(2), rx.toArray()));
    expect(two).toEqual([0, 1]);
    await delay(20);
    expect(other.seen).toMatchObject({ closed: 1 });
    expect(other.seen.pulled).toBeLessThan(20);
  });

  it('tells nothing more to one that has unsubscribed', async () => {
    const told: unknown[] = [];
    const { seen, items } = watched(1_000);
    const next = (n: number) => {
      told.push(n);
      subscription.unsubscribe();
    };
    const tell = (what: unknown) => void told.push(what);
    const subscription = toObservable(items()).subscribe({ next, error: tell, complete: () => tell('complete') });
    await delay(50);
    expect(told).toEqual([0]);
    expect(seen.closed).toBe(1);
  });

  it('passes errors on', async () => {
    const failing = pipe(
      [1, 2],
      map((n) => {
        if (n === 2) throw new RangeError('Too warm.');
        return n;
      }),
    );
    await expect(rx.lastValueFrom(rx.from(toObservable(failing)))).rejects.toMatchObject({ code: 'DEX_OPERATOR' });
  });

  it('takes a function, and is an async iterable still', async () => {
    const seen: number[] = [];
    toObservable([1, 2]).subscribe((n) => void seen.push(n));
    await delay(5);
    expect(seen).toEqual([1, 2]);
    expect(await Array.fromAsync(toObservable([1, 2]))).toEqual([1, 2]);
  });

  it('leaves an error that nobody takes to the process', async () => {
    const unhandled = Promise.withResolvers<unknown>();
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.once('unhandledRejection', unhandled.resolve);
    async function* failing() {
      yield 1;
      throw new RangeError('Too warm.');
    }
    toObservable(failing()).subscribe({});
    expect(await unhandled.promise).toEqual(new RangeError('Too warm.'));
    for (const listener of others) process.on('unhandledRejection', listener);
  });

  it('refuses at once what is no source', () => {
    // @ts-expect-error not iterable
    expect(() => toObservable(1)).toThrow('Option "pipe.source" must be');
  });
});
