import type { DailyVariable, HourlyVariable } from './records.ts';

/** A unit as Open-Meteo writes it: its label, its decimals, and how it follows from °C, mm, m/s and hPa. */
export interface Unit {
  readonly label: string;
  readonly decimals: number;
  readonly from: (value: number) => number;
}

const same = (value: number) => value;

/** By the value of the parameter `temperature_unit`. */
const temperatureUnits = {
  celsius: { label: '°C', decimals: 1, from: same },
  fahrenheit: { label: '°F', decimals: 1, from: (celsius) => celsius * 1.8 + 32 },
} as const satisfies Record<string, Unit>;

/** By the value of the parameter `wind_speed_unit`. The label `mp/h` is Open-Meteo's. */
const windUnits = {
  kmh: { label: 'km/h', decimals: 1, from: (ms) => ms * 3.6 },
  ms: { label: 'm/s', decimals: 2, from: same },
  mph: { label: 'mp/h', decimals: 1, from: (ms) => (ms * 3600) / 1609.344 },
  kn: { label: 'kn', decimals: 1, from: (ms) => (ms * 3600) / 1852 },
} as const satisfies Record<string, Unit>;

export type TemperatureUnit = keyof typeof temperatureUnits;
export type WindUnit = keyof typeof windUnits;
export type Variable = DailyVariable | HourlyVariable;

/** The unit that each variable is answered in. */
export function unitsOf(query: {
  readonly temperatureUnit: TemperatureUnit;
  readonly windUnit: WindUnit;
}): Readonly<Record<Variable, Unit>> {
  const temperature = temperatureUnits[query.temperatureUnit];
  const wind = windUnits[query.windUnit];
  return {
    temperature_2m: temperature,
    temperature_2m_max: temperature,
    temperature_2m_min: temperature,
    wind_speed_10m: wind,
    wind_speed_10m_max: wind,
    precipitation_sum: { label: 'mm', decimals: 2, from: same },
    pressure_msl: { label: 'hPa', decimals: 1, from: same },
    weather_code: { label: 'wmo code', decimals: 0, from: same },
  };
}
