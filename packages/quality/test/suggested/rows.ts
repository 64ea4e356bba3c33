const weathers = ['sun', 'rain', 'fog'];

/** A year of two stations. */
export const rows = Array.from({ length: 730 }, (_, index) => ({
  station: index < 365 ? 'Seattle' : 'New York',
  date: new Date(Date.UTC(2013, 0, 1 + (index % 365))).toISOString().slice(0, 10),
  tempMax: -3.9 + ((index * 37) % 391) / 10,
  rain: index % 3 === 0 ? 0 : ((index * 17) % 200) / 10,
  wind: index % 10 === 0 ? null : (index * 7) % 12,
  weather: weathers[index % 3],
  code: index % 100 === 99 ? 'none' : `ST-${100 + (index % 800)}`,
  mail: `user${index % 400}@example.org`,
  'heard at': new Date(Date.UTC(2013, 0, 1 + (index % 365), 12)),
  note: index % 5 === 0 ? 'it is "what it is"' : `a note of ${'many '.repeat(index % 7)}words`,
  serial: BigInt(index % 50),
  flags: index % 2 === 0 ? ['checked'] : [],
  size: index % 2 === 0 ? 'large' : 5,
}));
