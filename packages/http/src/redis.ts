export { redisCache, type RedisCacheOptions, type RedisClient } from './redis-cache.ts';
