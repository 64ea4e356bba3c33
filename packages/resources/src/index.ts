export { atomicWrite, type AtomicWriteOptions, type Chunk, removeLeftovers } from './atomic-write.ts';
export { ScopeClosedError, ScopeError, ServiceCloseError, ServiceStoppedError, WriteError } from './errors.ts';
export { runService, type RunServiceOptions, type Service } from './run-service.ts';
export { openScope, type Resource, type Scope, type ScopeOptions, type SpawnOptions, type Task } from './scope.ts';
export type { TaskContext } from './task-group.ts';
export { withScope } from './with-scope.ts';
