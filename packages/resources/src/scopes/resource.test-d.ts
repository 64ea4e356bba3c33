import { expectTypeOf } from 'vitest';
import { type AsyncManaged, type Managed, openScope, openSyncScope, resource } from '../index.ts';

const scope = openScope();
const syncScope = openSyncScope();

const folder = resource(function* folder(parent: string, depth?: number) {
  yield `${parent}/${depth ?? 1}`;
});
expectTypeOf(folder).toEqualTypeOf<(parent: string, depth?: number) => Managed<string>>();
expectTypeOf(scope.use(folder('a'))).toEqualTypeOf<Managed<string>>();
expectTypeOf(syncScope.use(folder('a')).value).toEqualTypeOf<string>();

const table = resource(async function* table(options: { name: string; signal?: AbortSignal }) {
  yield { name: options.name };
});
expectTypeOf(table).toEqualTypeOf<
  (options: { name: string; signal?: AbortSignal }) => Promise<AsyncManaged<{ name: string }>>
>();
expectTypeOf(scope.use(table({ name: 'a' }))).toEqualTypeOf<Promise<AsyncManaged<{ name: string }>>>();
const stack: AsyncDisposableStack = scope;
expectTypeOf(stack.use(await table({ name: 'a' }))).toEqualTypeOf<AsyncManaged<{ name: string }>>();

// @ts-expect-error an async resource is not for code that never waits
syncScope.use(await table({ name: 'a' }));
// @ts-expect-error the arguments are those of the generator
folder(1);
// @ts-expect-error a generator function, not an async function
resource(async () => 1);
// @ts-expect-error what a generator returns is lost: it yields the value
resource(function* lost() {
  yield 1;
  return 2;
});
