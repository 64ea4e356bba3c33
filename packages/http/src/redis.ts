export { redisCache, type RedisCacheOptions, type RedisClient } from './cache/redis-cache.ts';
