/** Whether a row has a column: its own, or a getter of its class. What every object has, such as `constructor`, is none. */
export function hasColumn(row: object, name: string): boolean {
  return Object.hasOwn(row, name) || (name in row && !(name in Object.prototype));
}
