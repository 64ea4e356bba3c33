export { sqliteCache, type SqliteCacheOptions } from './cache/sqlite-cache.ts';
