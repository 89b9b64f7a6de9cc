// Before the first paint, so that a chosen theme does not flash.
(function () {
  'use strict';
  try {
    const chosen = localStorage.getItem('tally.theme');
    if (chosen === 'light' || chosen === 'dark') {
      document.documentElement.dataset.theme = chosen;
    }
  } catch {
    // Storage may be forbidden; the system's theme is used then.
  }
})();
