import * as z from 'zod';

export const cities = ['Seattle', 'New York', 'Berlin', 'Paris', 'Oslo'] as const;
export const patterns = {
  station: /^ST-\d{4}$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  email: /^[a-z0-9.]+@[a-z0-9.]+\.[a-z]{2,}$/,
};

export const Row = z.object({
  id: z.number().min(0),
  station: z.string().regex(patterns.station),
  city: z.enum(cities),
  date: z.string().regex(patterns.date),
  email: z.string().regex(patterns.email),
  tempMax: z.number().min(-60).max(60),
  tempMin: z.number().min(-60).max(60).nullable(),
  wind: z.number().min(0).max(120),
  humidity: z.number().min(0).max(100),
  ok: z.boolean(),
});

/** Every 1000th row is too hot, every 50th has no lowest temperature, which it may. */
export function observations(count: number): z.infer<typeof Row>[] {
  return Array.from({ length: count }, (_, i) => ({
    id: i,
    station: `ST-${1000 + (i % 9000)}`,
    city: cities[i % cities.length] ?? 'Oslo',
    date: `2024-0${1 + (i % 9)}-1${i % 10}`,
    email: `user${i}@example.org`,
    tempMax: i % 1000 === 7 ? 99 : 10 + (i % 400) / 10,
    tempMin: i % 50 === 3 ? null : (i % 300) / 10 - 5,
    wind: (i % 200) / 10,
    humidity: i % 101,
    ok: i % 2 === 0,
  }));
}
