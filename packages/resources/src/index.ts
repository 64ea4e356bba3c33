export { all, type AllOptions, type Results } from './all.ts';
export { atomicWrite, type AtomicWriteOptions, type Chunk, removeLeftovers } from './atomic-write.ts';
export { attachDrain, type DrainOptions, type HttpDrain, type HttpServer } from './drain-http.ts';
export {
  DisposeTimeoutError,
  LockError,
  ResourceError,
  ScopeClosedError,
  ScopeError,
  ScopeTimeoutError,
  ServiceCloseError,
  ServiceStoppedError,
  TempError,
  WriteError,
} from './errors.ts';
export type { AcquireOptions, CloseOptions } from './gate.ts';
export {
  AcquireTimeoutError,
  ClosedError,
  DrainError,
  LeaseReleasedError,
  PoolError,
  QueueFullError,
} from './lease-errors.ts';
export type { Lease } from './lease.ts';
export { type Leak, type LeakTracker, track, trackLeaks, type TrackLeaksOptions, untrack } from './leaks.ts';
export { type LockFile, lockFile, type LockFileOptions, type LockHolder } from './lock-file.ts';
export {
  type CheckReport,
  createProbes,
  type HealthCheck,
  type HealthChecks,
  type HealthFailure,
  type Probe,
  type ProbeReport,
  type Probes,
  type ProbesOptions,
} from './probes.ts';
export type { ProcessIdentity } from './process-identity.ts';
export { race, type RaceOptions } from './race.ts';
export { Mutex } from './mutex.ts';
export type { PoolLease } from './pool-lease.ts';
export type { PoolOptions } from './pool-options.ts';
export { createPool, type Pool, type PoolStats } from './pool.ts';
export { ReadWriteLock } from './read-write-lock.ts';
export { type AsyncManaged, type Managed, resource } from './resource.ts';
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
export { type HttpListener, serveHttp, type ServeHttpOptions } from './serve-http.ts';
export { Semaphore, type SemaphoreOptions } from './semaphore.ts';
export type { TaskContext, TaskFunction } from './task-group.ts';
export { openSyncScope, type SyncScope } from './sync-scope.ts';
export { type Temp, tempDir, type TempDirOptions, tempFile, type TempFileOptions } from './temp.ts';
export { withScope, type WithScopeOptions } from './with-scope.ts';
export { withTimeout } from './with-timeout.ts';
