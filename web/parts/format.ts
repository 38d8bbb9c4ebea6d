/** Times and numbers in words, in the reader's own language where the browser knows it. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** "now", "5m", "3h", "2d", else the date. */
export function ago(time: string, nowMs: number): string {
  const then = Date.parse(time);
  const seconds = Math.max(0, (nowMs - then) / 1000);
  if (seconds < MINUTE) return 'now';
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < WEEK) return `${Math.floor(seconds / DAY)}d`;
  const sameYear = new Date(then).getFullYear() === new Date(nowMs).getFullYear();
  const form = { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' as const }) } as const;
  return new Intl.DateTimeFormat(undefined, form).format(then);
}

export function inFull(time: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'short' }).format(Date.parse(time));
}

export function compact(count: number): string {
  return new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 }).format(count);
}

export function counted(count: number, one: string, many: string): string {
  return `${compact(count)} ${count === 1 ? one : many}`;
}
