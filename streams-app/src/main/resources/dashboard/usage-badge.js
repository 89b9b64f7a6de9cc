// <usage-badge user="u1"></usage-badge>: "42 / 500 actions today" in any page's header, moving by itself. docs/dashboard.md.
// A classic script, so that it needs no CORS to be loaded; it writes no markup and no style attributes, so that a strict CSP lets it be.
(() => {
  'use strict';

  const home = document.currentScript?.src ? new URL('.', document.currentScript.src).href : `${location.origin}/`;
  const number = new Intl.NumberFormat('en');
  const words = {WARNING: 'close to the limit', REACHED: 'limit reached', EXCEEDED: 'over the limit'};
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { display: inline-block; max-width: 100%; }
    :host([hidden]) { display: none; }
    .badge {
      --fill: var(--usage-badge-accent, light-dark(#0a6858, #4bcfb0));
      box-sizing: border-box; display: inline-grid; gap: 5px; max-width: 100%;
      width: var(--usage-badge-width, auto); padding: var(--usage-badge-padding, 6px 12px);
      color: var(--usage-badge-color, inherit); background: var(--usage-badge-background, transparent);
      border-radius: var(--usage-badge-radius, 8px);
      font: var(--usage-badge-font, 500 14px/1.3 system-ui, sans-serif); font-variant-numeric: tabular-nums;
    }
    .warning { --fill: var(--usage-badge-warning, light-dark(#8a5200, #f0b040)); }
    .reached { --fill: var(--usage-badge-reached, light-dark(#a53c14, #ff9a72)); }
    .exceeded { --fill: var(--usage-badge-exceeded, light-dark(#a81238, #ff8298)); }
    .text { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .track { height: 4px; border-radius: 4px; overflow: hidden; background: var(--usage-badge-track, color-mix(in srgb, currentColor 18%, transparent)); }
    .fill { height: 100%; width: var(--share, 0%); min-width: 2px; border-radius: 4px; background: var(--fill); transition: width .4s; }
    .stale .fill { background: repeating-linear-gradient(135deg, var(--fill) 0 4px, transparent 4px 7px); }
    .stale .text { font-style: italic; }
    .quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .gone { display: none; }
    @media (prefers-reduced-motion: reduce) { .fill { transition: none; } }
  `);

  const element = (name, part, ...children) => {
    const made = document.createElement(name);
    made.className = part;
    made.setAttribute('part', part);
    made.append(...children);
    return made;
  };

  class UsageBadge extends HTMLElement {
    static observedAttributes = ['user', 'org', 'meter', 'base'];

    #token = '';
    #ticket = null;
    #source = null;
    #timer = 0;
    #misses = 0;
    #run = 0;
    #usage = null;
    #behind = '';
    #fill = element('div', 'fill');
    #track = element('div', 'track', this.#fill);
    #text = element('span', 'text');
    #note = element('span', 'quiet');
    #badge = element('div', 'badge', this.#text, this.#track, this.#note);

    constructor() {
      super();
      const root = this.attachShadow({mode: 'open'});
      root.adoptedStyleSheets = [sheet];
      root.append(this.#badge);
      this.#track.setAttribute('aria-hidden', 'true');
    }

    /** A bearer token. A property, never an attribute: what is in the markup is in the page's source and its caches. */
    set token(token) {
      this.#token = String(token ?? '');
      this.#restart();
    }

    /** A function that gives (a promise of) a ticket for the stream, for pages that shall not see a token. */
    set ticket(give) {
      this.#ticket = give;
      this.#restart();
    }

    /** The newest answer; null before the first. */
    get usage() {
      return this.#usage;
    }

    connectedCallback() {
      // A property that was set before this class was known lies on the element and hides the setter.
      for (const name of ['token', 'ticket']) {
        if (Object.hasOwn(this, name)) {
          const value = this[name];
          delete this[name];
          this[name] = value;
        }
      }
      this.#restart();
    }

    disconnectedCallback() {
      this.#stop();
    }

    attributeChangedCallback(name, before, after) {
      if (before !== after) {
        this.#usage = null;
        this.#restart();
      }
    }

    #stop() {
      this.#run++;
      clearTimeout(this.#timer);
      this.#source?.close();
      this.#source = null;
    }

    #restart() {
      this.#stop();
      this.#misses = 0;
      this.#draw();
      if (this.isConnected && this.#subject()) {
        this.#stream(this.#run);
      }
    }

    #subject() {
      const user = this.getAttribute('user');
      const id = user || this.getAttribute('org');
      return id ? {kind: user ? 'user' : 'org', id: encodeURIComponent(id).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)} : null;
    }

    #address(path, query = {}) {
      const {kind, id} = this.#subject();
      const url = new URL(`v1/${kind}s/${id}/${path}`, new URL(this.getAttribute('base') || home, location.href));
      const meter = this.getAttribute('meter');
      Object.entries({...(meter && {meter}), ...query}).forEach(([name, value]) => url.searchParams.set(name, value));
      return url;
    }

    #fetch(url, options = {}) {
      const headers = {...options.headers, ...(this.#token && {Authorization: `Bearer ${this.#token}`})};
      return fetch(url, {...options, headers, credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(10_000)})
        .then((response) => (response.ok ? response.json() : Promise.reject(new Error(`answered ${response.status}`))));
    }

    async #query() {
      if (this.#ticket) {
        return {ticket: await this.#ticket()};
      }
      if (!this.#token) {
        return {};
      }
      const {kind, id} = this.#subject();
      const {ticket} = await this.#fetch(new URL('v1/stream-tickets', new URL(this.getAttribute('base') || home, location.href)), {
        method: 'POST',
        headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({subject: `${kind}:${id}`}),
      });
      return {ticket};
    }

    async #stream(run) {
      let query;
      try {
        query = await this.#query();
      } catch {
        this.#missed(run);
        return;
      }
      if (run !== this.#run) {
        return;
      }
      const source = new EventSource(this.#address('usage/stream', query));
      this.#source = source;
      source.addEventListener('usage', (event) => {
        if (source === this.#source) {
          this.#misses = 0;
          this.#show(JSON.parse(event.data));
        }
      });
      source.addEventListener('status', (event) => {
        if (source === this.#source) {
          this.#behind = JSON.parse(event.data).reason;
          this.#draw();
        }
      });
      source.addEventListener('error', () => {
        // Tried again from here, not by the browser: a ticket is good for one stream.
        if (source === this.#source) {
          source.close();
          this.#source = null;
          this.#missed(run);
        }
      });
    }

    async #missed(run) {
      this.#misses++;
      let pause = 5_000;
      try {
        const usage = await this.#fetch(this.#address('usage'));
        if (run === this.#run) {
          this.#show(usage);
        }
      } catch (e) {
        pause = Math.min(30_000, 1_000 * 2 ** this.#misses);
        if (run === this.#run) {
          this.#behind = e.message;
          this.#draw();
        }
      }
      if (run === this.#run) {
        // Where there seems to be no stream, asking must do; now and then it is looked for again.
        const again = this.#misses < 3 || this.#misses % 12 === 0;
        this.#timer = setTimeout(() => (again ? this.#stream(run) : this.#missed(run)), pause * (0.75 + Math.random() / 2));
      }
    }

    #show(usage) {
      this.#usage = usage;
      this.#behind = usage.stale ? 'may be behind' : '';
      this.#draw();
      this.dispatchEvent(new CustomEvent('usage', {detail: usage}));
    }

    #draw() {
      const usage = this.#usage;
      const limited = usage?.limit !== null && usage?.limit !== undefined;
      const state = limited ? usage.state.toLowerCase() : 'none';
      const meter = usage?.meter ?? (this.getAttribute('meter') || 'actions');
      const used = usage ? number.format(limited ? usage.limitUsed : usage.used) : '–';
      this.#text.textContent = `${used}${limited ? ` / ${number.format(usage.limit)}` : ''} ${meter} today`;
      this.#note.textContent = [words[usage?.state], this.#behind && 'not up to date'].filter(Boolean).join(', ');
      this.#badge.title = this.#behind && `Not up to date: ${this.#behind}`;
      const names = `badge ${state}${this.#behind ? ' stale' : ''}`;
      this.#badge.className = names;
      this.#badge.setAttribute('part', names);
      this.#track.classList.toggle('gone', !limited);
      this.#fill.style.setProperty('--share', limited ? `${Math.min(100, usage.limit > 0 ? (usage.limitUsed / usage.limit) * 100 : 100)}%` : '0%');
    }
  }

  if (!customElements.get('usage-badge')) {
    customElements.define('usage-badge', UsageBadge);
  }
})();
