/**
 * Gives every entrant one turn in each round, one at a time; each round begins with another one, so that none always
 * comes first or last.
 *
 * @returns For each entrant, what it returned in each round.
 */
export async function interleave<T>(
  entrants: readonly (() => Promise<T>)[],
  rounds: number,
  onRound: (round: number) => void = () => {},
): Promise<T[][]> {
  const turns = entrants.map((turn) => ({ turn, results: [] as T[] }));
  for (let round = 0; round < rounds; round++) {
    onRound(round + 1);
    const first = round % turns.length;
    for (const { turn, results } of [...turns.slice(first), ...turns.slice(0, first)]) results.push(await turn());
  }
  return turns.map(({ results }) => results);
}
