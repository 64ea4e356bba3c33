/** Daily weather as a CSV has it: every field a string, one in ten with a delimiter in quotes. */
export interface Observation {
  station: string;
  date: string;
  precipitation: string;
  tempMax: string;
  tempMin: string;
  wind: string;
  pressure: string;
  weather: string;
}

const dayMs = 86_400_000;

export const observations: Observation[] = Array.from({ length: 10_000 }, (_, day) => ({
  station: day % 2 === 0 ? 'Seattle' : 'New York',
  date: new Date(day * dayMs).toISOString().slice(0, 10),
  precipitation: String((day % 37) / 10),
  tempMax: String((day % 311) / 10),
  tempMin: String((day % 173) / 10 - 5),
  wind: String((day % 71) / 10),
  pressure: String(990 + (day % 40)),
  weather: day % 10 === 0 ? 'rain, then sun' : 'drizzle',
}));

/** As a socket or file would deliver it. */
export function toPieces(text: string): Uint8Array[] {
  const bytes = Buffer.from(text);
  const size = 65_536;
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, piece) =>
    bytes.subarray(piece * size, (piece + 1) * size),
  );
}

/** A subject that reads everything into `rows`, once for each operation. */
export const passes = (pass: (rows: unknown[]) => Promise<unknown>) => () => ({
  run: async (n: number) => {
    let rows: unknown[] = [];
    for (let i = 0; i < n; i++) {
      rows = [];
      await pass(rows);
    }
    return rows;
  },
});
