/** Past the limit, what was added first is forgotten. */
export function addBounded(set: Set<string>, value: string, max: number): void {
  set.add(value);
  const [oldest = ''] = set;
  if (set.size > max) set.delete(oldest);
}
