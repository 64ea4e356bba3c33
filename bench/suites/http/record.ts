/** One day of a station, 1 KB as JSON. */
export const record = {
  station: 'Seattle',
  date: '2012-01-01',
  hourly: Array.from({ length: 24 }, (_, hour) => ({ hour, temperature: hour / 8 + 3.5, wind: hour + 0.25 })),
};
