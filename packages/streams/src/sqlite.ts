export { sqliteStore, type SqliteStoreOptions } from './checkpoints/sqlite-store.ts';
