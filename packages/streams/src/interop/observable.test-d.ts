import * as rx from 'rxjs';
import { expectTypeOf } from 'vitest';
import { fromObservable, interval, type Pipe, pipe, run, toObservable, toWritable } from '../index.ts';

declare const subject: rx.Subject<{ celsius: number }>;
expectTypeOf(fromObservable(subject)).toEqualTypeOf<Pipe<{ celsius: number }>>();
expectTypeOf(fromObservable(rx.of(1, 2), { onDrop: (n) => n.toFixed() })).toEqualTypeOf<Pipe<number>>();
declare const handmade: { subscribe(observer: { next(value: string): void }): { unsubscribe(): void } };
expectTypeOf(fromObservable(handmade)).toEqualTypeOf<Pipe<string>>();
declare const torn: { subscribe(observer: { next(value: string): void }): () => void };
expectTypeOf(fromObservable(torn)).toEqualTypeOf<Pipe<string>>();
expectTypeOf(rx.from(toObservable(pipe([1])))).toEqualTypeOf<rx.Observable<number>>();
expectTypeOf(interval(1)).toEqualTypeOf<Pipe<number>>();
// @ts-expect-error not an observable
fromObservable([1]);
// @ts-expect-error misspelt policy
fromObservable(subject, { overflow: 'dropAll' });
// @ts-expect-error a readable stream takes nothing
toWritable(new ReadableStream());
declare const texts: WritableStream<string>;
// @ts-expect-error a stream of text takes no numbers
void run(pipe([1]), toWritable(texts));
void run(pipe(['a']), toWritable(texts));
void run(pipe(['a']), toWritable(process.stdout, { end: false }));
