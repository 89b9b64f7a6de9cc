// Follows one subject's usage: by its stream where the server has one, else by asking again and again.

import {get, has, parse, streamAddress, takes} from './api.js';

const POLL = 2_000;
const LONGEST = 15_000;
// A stream that says nothing for so long may be dead without anybody having noticed.
const SILENCE = 30_000;

/**
 * @param {{kind: string, id: string, path: string}} subject whose usage
 * @param {string} meter of what
 * @param {{usage: function(object), link: function(string, string)}} on told of each answer, and of how it came: `live`, `polling`,
 *   `behind` (the stream is there, its source is not), `reconnecting` or `refused`, with the reason
 * @return {{stop: function()}}
 */
export function follow(subject, meter, on) {
  const query = new URLSearchParams(meter === 'actions' ? {} : {meter});
  const route = `/v1/${subject.kind}s/{id}/usage/stream`;
  let stopped = false;
  let source = null;
  let timer = 0;
  let heard = 0;
  let failures = 0;
  let asked = 0;

  function later(what, millis) {
    clearTimeout(timer);
    if (!stopped) {
      timer = setTimeout(what, millis);
    }
  }

  const delay = () => Math.min(LONGEST, POLL * 2 ** Math.max(0, failures - 1)) * (0.75 + Math.random() / 2);

  async function ask() {
    const mine = ++asked;
    const usage = await get(`${subject.path}/usage${query.size ? '?' + query : ''}`);
    if (!stopped && mine === asked) {
      on.usage(usage);
    }
  }

  async function streams() {
    return (await has(route)) && (meter === 'actions' || (await takes(route, 'meter')));
  }

  async function poll() {
    try {
      await ask();
      failures = 0;
      on.link('polling');
    } catch (e) {
      failed(e);
    }
    later((await streams()) ? stream : poll, failures ? delay() : POLL);
  }

  function failed(e) {
    failures++;
    if (!stopped) {
      on.link(e.status === 401 || e.status === 403 || e.status === 404 ? 'refused' : 'reconnecting', e.message);
    }
  }

  function close() {
    source?.close();
    source = null;
  }

  async function stream() {
    close();
    let address;
    try {
      address = await streamAddress(`${subject.path}/usage/stream`, query, `${subject.kind}:${subject.encoded}`);
    } catch (e) {
      failed(e);
      later(stream, delay());
      return;
    }
    if (stopped) {
      return;
    }
    const mine = new EventSource(address);
    source = mine;
    heard = Date.now();
    mine.addEventListener('usage', (event) => {
      if (source !== mine) {
        return;
      }
      heard = Date.now();
      failures = 0;
      asked++;
      try {
        on.usage(parse(event.data));
        on.link('live');
      } catch {
        broken();
      }
    });
    mine.addEventListener('status', (event) => {
      if (source === mine) {
        heard = Date.now();
        on.link('behind', parse(event.data).reason);
      }
    });
    // The browser would try the same address again; a ticket is good for one, and what is wrong it does not tell. Asking does.
    mine.addEventListener('error', () => source === mine && broken());
    later(watch, SILENCE);
  }

  async function broken() {
    close();
    clearTimeout(timer);
    on.link('reconnecting', 'the stream has ended');
    try {
      await ask();
      failures++;
      on.link('polling');
    } catch (e) {
      failed(e);
    }
    later(stream, delay());
  }

  async function watch() {
    if (Date.now() - heard >= SILENCE) {
      try {
        await ask();
        heard = Date.now();
      } catch {
        broken();
        return;
      }
    }
    later(watch, SILENCE);
  }

  async function start() {
    if (!stopped) {
      ((await streams()) ? stream : poll)();
    }
  }

  // A phone that was asleep, a laptop that was closed: at once, not after the longest wait.
  function awake() {
    if (!document.hidden && source === null && failures > 0) {
      failures = 0;
      later(start, 0);
    }
  }

  // An open stream does not notice that there is no network any more.
  function cutOff() {
    if (source !== null) {
      broken();
    }
  }

  document.addEventListener('visibilitychange', awake);
  addEventListener('online', awake);
  addEventListener('offline', cutOff);
  start();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      close();
      document.removeEventListener('visibilitychange', awake);
      removeEventListener('online', awake);
      removeEventListener('offline', cutOff);
    },
  };
}
