// How numbers, times and names are written. All times are UTC, as windows and periods are.

const NUMBER = new Intl.NumberFormat('en');
const COMPACT = new Intl.NumberFormat('en', {notation: 'compact', maximumFractionDigits: 1});
const PERCENT = new Intl.NumberFormat('en', {style: 'percent', maximumFractionDigits: 1});
const DAY = new Intl.DateTimeFormat('en-GB', {timeZone: 'UTC', day: 'numeric', month: 'short'});
const DAY_LONG = new Intl.DateTimeFormat('en-GB', {timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short', year: 'numeric'});
const TIME = new Intl.DateTimeFormat('en-GB', {timeZone: 'UTC', hour: '2-digit', minute: '2-digit', second: '2-digit'});
const HOUR = new Intl.DateTimeFormat('en-GB', {timeZone: 'UTC', hour: '2-digit', minute: '2-digit'});
const MINUTE = new Intl.DateTimeFormat('en-GB', {timeZone: 'UTC', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit'});

/** A whole number, whatever its size. */
export const number = (value) => NUMBER.format(value);
/** A number for an axis. */
export const compact = (value) => COMPACT.format(value);
/** A share of 1. */
export const percent = (share) => PERCENT.format(share);
/** A day, such as 20 Nov. */
export const day = (date) => DAY.format(new Date(date));
/** A day with its year. */
export const dayLong = (date) => DAY_LONG.format(new Date(date));
/** A time of day to the second. */
export const time = (date) => TIME.format(new Date(date));
/** A day and minute. */
export const minute = (date) => MINUTE.format(new Date(date));

/** From a moment to another one, which is no part of it: in days where it has whole ones. */
export function range(start, end) {
  const [from, to] = [Date.parse(start), Date.parse(end)];
  if (from % 86_400_000 !== 0 || to % 86_400_000 !== 0) {
    const sameDay = Math.floor(from / 86_400_000) === Math.floor(to / 86_400_000);
    return `${minute(from)} – ${sameDay ? HOUR.format(to) : minute(to)}`;
  }
  const [first, last] = [day(from), day(to - 1)];
  return first === last ? first : `${first} – ${last}`;
}

/** How long, in its two largest units. */
export function duration(millis) {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 48) {
    return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  }
  return `${number(Math.floor(hours / 24))} d ${hours % 24} h`;
}

/** An amount of money; the amount is a decimal string and stays one. */
export function money(amount, currency) {
  try {
    return new Intl.NumberFormat('en', {style: 'currency', currency, maximumFractionDigits: 2}).format(amount);
  } catch {
    return `${amount} ${currency ?? ''}`.trim();
  }
}

const STATES = {OK: 'Within the limit', WARNING: 'Close to the limit', REACHED: 'Limit reached', EXCEEDED: 'Over the limit'};
/** A state in words. */
export const state = (name) => STATES[name] ?? name;

const ALERTS = {
  WARNING: 'Close to the limit',
  REACHED: 'Limit reached',
  EXCEEDED: 'Over the limit',
  POOL_LOW: 'Pool is low',
  RECOVERED: 'Recovered',
  ANOMALY: 'Unusually much use',
  SILENCE: 'Unusually little use',
};
/** A kind of alert in words. */
export const alert = (kind) => ALERTS[kind] ?? kind;

const SEVERITIES = {INFO: 'Info', WARNING: 'Warning', CRITICAL: 'Critical'};
/** How much an alert matters, in words. */
export const severity = (name) => SEVERITIES[name] ?? name;

const BEYOND = {
  BILL: 'billed as overage',
  QUEUE: 'waits in a queue',
  PAUSE: 'paused until the reset',
  REJECT: 'rejected',
  NOTIFY: 'only notified',
};
/** What happens beyond a limit, in words. */
export const beyond = (name) => BEYOND[name] ?? name;

const WINDOWS = {DAY: 'a day', PERIOD: 'a billing period', CONCURRENT: 'at a time'};
/** A limit's window, in words. */
export const span = (name) => WINDOWS[name] ?? name;

/** Part of a whole as a number from 0 to 1. */
export function share(part, whole) {
  const of = Number(whole);
  return of > 0 ? Math.min(1, Math.max(0, Number(part) / of)) : Number(part) > 0 ? 1 : 0;
}

/** An id as it stands in a path. */
export const encode = (id) =>
  encodeURIComponent(id).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
