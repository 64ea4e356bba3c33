/** What every subject of this package calls: next to nothing, so that the policy is what is measured. */
export async function increment(n: number): Promise<number> {
  return n + 1;
}
