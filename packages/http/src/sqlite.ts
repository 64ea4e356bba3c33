export { sqliteCache, type SqliteCacheOptions } from './sqlite-cache.ts';
