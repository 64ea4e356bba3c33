export { all, type AllOptions, type Results } from './all.ts';
export { atomicWrite, type AtomicWriteOptions, type Chunk, removeLeftovers } from './atomic-write.ts';
export {
  ScopeClosedError,
  ScopeError,
  ScopeTimeoutError,
  ServiceCloseError,
  ServiceStoppedError,
  WriteError,
} from './errors.ts';
export { type Leak, type LeakTracker, track, trackLeaks, type TrackLeaksOptions, untrack } from './leaks.ts';
export { race, type RaceOptions } from './race.ts';
export { runService, type RunServiceOptions, type Service } from './run-service.ts';
export {
  openScope,
  type Resource,
  type Scope,
  type ScopeOptions,
  type ShieldOptions,
  type SpawnOptions,
  type Task,
} from './scope.ts';
export type { TaskContext, TaskFunction } from './task-group.ts';
export { withScope } from './with-scope.ts';
export { withTimeout } from './with-timeout.ts';
