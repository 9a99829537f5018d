/** As answers tell a number: to so many digits behind the point, without zeros at the end. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
