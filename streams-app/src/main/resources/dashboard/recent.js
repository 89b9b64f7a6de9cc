// What was opened lately, on this device.

const KEY = 'tally.recent';
const MOST = 6;

/** @return {[string, string][]} kind and id, the newest first */
export function recent() {
  try {
    const all = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(all)
      ? all.filter((each) => Array.isArray(each) && ['user', 'org'].includes(each[0]) && typeof each[1] === 'string' && each[1]).slice(0, MOST)
      : [];
  } catch {
    return [];
  }
}

/** Remembers one. */
export function remember(kind, id) {
  const others = recent().filter((each) => each[0] !== kind || each[1] !== id);
  try {
    localStorage.setItem(KEY, JSON.stringify([[kind, id], ...others].slice(0, MOST)));
  } catch {
    // Without storage nothing is remembered.
  }
}
