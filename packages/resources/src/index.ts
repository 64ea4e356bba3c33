export { all, type AllOptions, type Results } from './scopes/all.ts';
export { atomicWrite, type AtomicWriteOptions, type Chunk, removeLeftovers } from './files/atomic-write.ts';
export { attachDrain, type DrainOptions, type HttpDrain, type HttpServer } from './services/drain-http.ts';
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
export type { AcquireOptions, CloseOptions } from './locks/gate.ts';
export {
  AcquireTimeoutError,
  ClosedError,
  DrainError,
  LeaseReleasedError,
  PoolError,
  QueueFullError,
} from './locks/lease-errors.ts';
export type { Lease } from './locks/lease.ts';
export { type Leak, type LeakTracker, track, trackLeaks, type TrackLeaksOptions, untrack } from './leaks.ts';
export { type LockFile, lockFile, type LockFileOptions, type LockHolder } from './files/lock-file.ts';
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
} from './services/probes.ts';
export type { ProcessIdentity } from './files/process-identity.ts';
export { race, type RaceOptions } from './scopes/race.ts';
export { Mutex } from './locks/mutex.ts';
export type { PoolLease } from './pool/pool-lease.ts';
export type { PoolOptions } from './pool/pool-options.ts';
export { createPool, type Pool, type PoolStats } from './pool/pool.ts';
export { ReadWriteLock } from './locks/read-write-lock.ts';
export { type AsyncManaged, type Managed, resource } from './scopes/resource.ts';
export { runService, type RunServiceOptions, type Service } from './services/run-service.ts';
export {
  openScope,
  type Resource,
  type Scope,
  type ScopeOptions,
  type ShieldOptions,
  type SpawnOptions,
  type Task,
} from './scopes/scope.ts';
export { type HttpListener, serveHttp, type ServeHttpOptions } from './services/serve-http.ts';
export { Semaphore, type SemaphoreOptions } from './locks/semaphore.ts';
export type { TaskContext, TaskFunction } from './scopes/task-group.ts';
export { openSyncScope, type SyncScope } from './scopes/sync-scope.ts';
export { type Temp, tempDir, type TempDirOptions, tempFile, type TempFileOptions } from './files/temp.ts';
export { withScope, type WithScopeOptions } from './scopes/with-scope.ts';
export { withTimeout } from './scopes/with-timeout.ts';
