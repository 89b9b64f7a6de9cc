// What is left of a pool over its billing period, from what the server says: no DOM here.

const DAY = 86_400;

const seconds = (instant) => Date.parse(instant) / 1000;

/**
 * The course of a pool. Periods may begin within a day and use is known by day, so it is counted back from what is left now: each point is
 * at a day's end.
 *
 * @param {{start: string, end: string}} period the billing period
 * @param {object} charges the meter's row of the billing view
 * @param {{day: string, used: number|bigint}[]} days use by day, oldest first, from the period's first day to today
 * @param {number} now in seconds since the epoch
 * @return {object} `at` in seconds and at each the amounts `left`, `projected`, `even`; `pace` a day; `emptyAt` in seconds or null;
 *   `atEnd` what is left then at this pace; `paceDays` how many whole days the pace is of (0: of the period so far)
 */
export function burnDown(period, charges, days, now) {
  const start = seconds(period.start);
  const end = seconds(period.end);
  const total = Number(charges.included) + Number(charges.granted);
  const present = total - Number(charges.used);
  const at = Math.min(end, Math.max(start, now));
  const past = [];
  let left = present;
  for (let i = days.length - 1; i > 0; i--) {
    left += Number(days[i].used);
    const dayEnd = seconds(days[i].day);
    if (dayEnd > start && dayEnd < at) {
      past.unshift([dayEnd, Math.min(total, left)]);
    }
  }
  const {pace, paceDays} = paceOf(days, start, at, Number(charges.used));
  const emptyAt = present > 0 && pace > 0 ? at + (present / pace) * DAY : null;
  const points = [[start, total], ...past];
  if (at > start) {
    points.push([at, present]);
  }
  const columns = {at: [], left: [], projected: [], even: []};
  const add = (when, was, will) => {
    columns.at.push(when);
    columns.left.push(was);
    columns.projected.push(will);
    columns.even.push(total * (1 - (when - start) / (end - start)));
  };
  points.forEach(([when, was], i) => add(when, was, i === points.length - 1 ? was : null));
  for (let when = (Math.floor(at / DAY) + 1) * DAY; when < end; when += DAY) {
    add(when, null, present - pace * ((when - at) / DAY));
  }
  const atEnd = present - pace * ((end - at) / DAY);
  if (end > at) {
    add(end, null, atEnd);
  }
  return {start, end, total, present, pace, paceDays, emptyAt: emptyAt !== null && emptyAt < end ? emptyAt : null, atEnd, ...columns};
}

/** Use a day: of the last whole days, at most seven, else of the period so far. */
function paceOf(days, start, at, used) {
  const whole = days.filter((day) => seconds(day.day) >= start && seconds(day.day) + DAY <= at).slice(-7);
  if (whole.length > 0) {
    return {pace: whole.reduce((sum, day) => sum + Number(day.used), 0) / whole.length, paceDays: whole.length};
  }
  return {pace: at > start ? (used / (at - start)) * DAY : 0, paceDays: 0};
}

/** The first and last day of a period that the history is asked for. */
export function daysOf(period, today) {
  const lastMoment = new Date(Date.parse(period.end) - 1).toISOString().slice(0, 10);
  return {from: period.start.slice(0, 10), to: lastMoment < today ? lastMoment : today};
}
