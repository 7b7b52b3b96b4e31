/** Days of the calendar. */

/** Whether a text begins with a day (2026-01-31) that exists: JavaScript takes 31 February for a day in March. */
export function beginsWithDay(text: string): boolean {
  const [day] = /^\d{4}-\d\d-\d\d/.exec(text) ?? [''];
  const midnight = Date.parse(day);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
}
