// Figures, times and the words of the API as people read them.

const counts = new Intl.NumberFormat('en');

export const number = (value) => counts.format(value);

/** `3 things`, `1 thing`. */
export const plural = (value, one, many = one + 's') => `${number(value)} ${value === 1 ? one : many}`;

/** A share of a whole in percent; with a digit behind the point where it would otherwise say 0% or 100% of what is neither. */
export function percent(part, whole) {
  if (whole === 0) return '–';
  const share = (part / whole) * 100;
  const isRough = (share > 0 && share < 1) || (share > 99 && share < 100);
  return `${isRough ? share.toFixed(1) : Math.round(share)}%`;
}

/** Bytes by powers of 1,024: `1.5 MiB`. */
export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Seconds as `45 s`, `12 min`, `3 h`, `2 days`. */
export function duration(seconds) {
  const value = Math.abs(seconds);
  if (value < 60) return `${Math.round(value)} s`;
  if (value < 3600) return `${Math.round(value / 60)} min`;
  if (value < 48 * 3600) return `${Math.round(value / 3600)} h`;
  return `${Math.round(value / 86400)} days`;
}

// A service with a simulated clock has another time than the browser: ages are told by the service's.
let skew = 0;

/** Takes over the service's clock from a time that it has just told. */
export function setServiceTime(text) { skew = Date.parse(text) - Date.now(); }

/** Takes over the service's clock where something happened later than now, as a simulated clock lets it. */
export function keepTime(...texts) {
  for (const text of texts) if (text && Date.parse(text) > now()) setServiceTime(text);
}

export const now = () => new Date(Date.now() + skew);

/** `3 h ago`, `in 5 min`; `never` where there is no time. */
export function ago(text) {
  if (!text) return 'never';
  const seconds = (now() - Date.parse(text)) / 1000;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds > 0 ? `${duration(seconds)} ago` : `in ${duration(seconds)}`;
}

/** `2026-11-21 14:03:09`, in the browser's time zone. */
export function instant(text) {
  if (!text) return 'never';
  const time = new Date(text);
  const two = (value) => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ` +
    `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** The API's `rolledBack` as `rolled back`. */
export const words = (code) => code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

/** What a state means for whoever looks: good, busy, waiting, bad or idle. */
export function mood(state) {
  switch (state) {
    case 'confirmed': case 'finished': case 'passed': case 'activated': return 'good';
    case 'running': case 'downloading': case 'downloaded': case 'installing': case 'installed': case 'claimed': case 'open':
    case 'offered': return 'busy';
    case 'paused': case 'waiting': case 'scheduled': case 'soaking': case 'awaitingApproval': case 'silent': return 'waiting';
    case 'halted': case 'failed': case 'rejected': case 'rolledBack': return 'bad';
    default: return 'idle';
  }
}
