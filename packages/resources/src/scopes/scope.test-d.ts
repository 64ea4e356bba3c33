import type { FileHandle } from 'node:fs/promises';
import { expectTypeOf } from 'vitest';
import { openScope, openSyncScope, type Scope, type SyncScope, type Task, withScope } from '../index.ts';

declare const file: FileHandle;
declare const lock: Disposable & { readonly key: string };
declare const optional: FileHandle | undefined;

const scope = openScope();

const used = scope.use(lock);
expectTypeOf(used).toEqualTypeOf<Disposable & { readonly key: string }>();
const later = scope.use(Promise.resolve(file));
expectTypeOf(later).toEqualTypeOf<Promise<FileHandle>>();
const perhaps = scope.use(optional);
expectTypeOf(perhaps).toEqualTypeOf<FileHandle | undefined>();
const perhapsLater = scope.use(Promise.resolve(optional));
expectTypeOf(perhapsLater).toEqualTypeOf<Promise<FileHandle | undefined>>();
// @ts-expect-error a string holds nothing
scope.use('text');
// @ts-expect-error nor does a promise of one
void scope.use(Promise.resolve('text'));

const adopted = scope.adopt({ port: 3000 }, ({ port }) => port.toFixed());
expectTypeOf(adopted).toEqualTypeOf<{ port: number }>();
// @ts-expect-error the disposer takes what is adopted
scope.adopt(3000, (port: string) => port);
// @ts-expect-error a disposer is needed
scope.adopt(3000);

const task = scope.spawn(async ({ signal }) => signal.aborted);
expectTypeOf(task).toEqualTypeOf<Task<boolean>>();
expectTypeOf(task.result).toEqualTypeOf<Promise<boolean>>();
// @ts-expect-error a task is handed a context, not a scope
scope.spawn((inner: Scope) => inner.close());
// @ts-expect-error names are text
scope.spawn(() => 1, { name: 1 });

const result = withScope({}, async ({ signal }) => signal.aborted);
expectTypeOf(result).toEqualTypeOf<Promise<boolean>>();
const plain = withScope({ signal: undefined }, () => 1);
expectTypeOf(plain).toEqualTypeOf<Promise<number>>();
// @ts-expect-error the signal, not its controller
void withScope({ signal: new AbortController() }, () => 1);
// @ts-expect-error the body is needed
void withScope({});

// A scope stands wherever the standard's stack does.
const stack: AsyncDisposableStack = openScope();
expectTypeOf(stack.use(lock)).toEqualTypeOf<Disposable & { readonly key: string }>();
const syncStack: DisposableStack = openSyncScope();
expectTypeOf(syncStack.use(lock)).toEqualTypeOf<Disposable & { readonly key: string }>();
const syncScope = openSyncScope();
expectTypeOf(syncScope.move()).toEqualTypeOf<SyncScope>();
// @ts-expect-error a file is closed asynchronously
syncScope.use(file);

scope.onExit((error) => {
  expectTypeOf(error).toEqualTypeOf<unknown>();
});
scope.onExit(async (error) => error instanceof RangeError);
// @ts-expect-error only a boolean says whether the error is handled
scope.onExit(() => 'handled');

const either = withScope({ handled: async () => 'none' as const }, async () => 1);
expectTypeOf(either).toEqualTypeOf<Promise<number | 'none'>>();
const nothing = withScope({ handled: () => undefined }, () => 1);
expectTypeOf(nothing).toEqualTypeOf<Promise<number | undefined>>();
const without = withScope({ handled: undefined }, () => 1);
expectTypeOf(without).toEqualTypeOf<Promise<number>>();
// @ts-expect-error a function makes the value
void withScope({ handled: 'none' }, () => 1);
