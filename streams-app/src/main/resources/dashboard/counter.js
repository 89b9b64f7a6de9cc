// The number of the header: "42 / 500 actions today", with its bar, state and how it comes.

import {h, put, say} from './dom.js';
import * as format from './format.js';
import {bar, chip} from './panel.js';

const ANNOUNCE_EVERY = 10_000;

/** A subject's count of today. */
export class Counter {
  /** @param {string} meter of what */
  constructor(meter) {
    this.meter = meter;
    this.used = h('span', {class: 'used unknown'}, '–');
    this.of = h('span', {class: 'of'});
    this.what = h('span', {class: 'what'}, ` ${meter} today`);
    this.bar = h('div', {class: 'counter-bar'});
    this.state = h('span', {class: 'state'});
    this.facts = h('dl', {class: 'facts'});
    this.link = h('span', {class: 'link waiting'}, 'Connecting');
    this.usage = null;
    this.told = 0;
    this.toldState = null;
    this.element = h('div', {class: 'counter', 'aria-busy': 'true'},
      h('div', {class: 'counter-top'}, this.link, this.state),
      h('p', {class: 'count'}, this.used, this.of, this.what),
      this.bar,
      this.facts);
  }

  /** Shows an answer. */
  update(usage) {
    this.element.removeAttribute('aria-busy');
    const changed = this.usage !== null && this.usage.limitUsed !== usage.limitUsed;
    this.usage = usage;
    const limited = usage.limit !== null;
    const counted = limited ? usage.limitUsed : usage.used;
    this.used.classList.remove('unknown');
    say(this.used, format.number(counted));
    say(this.of, limited ? ` / ${format.number(usage.limit)}` : '');
    put(this.bar, limited ? bar(format.share(usage.limitUsed, usage.limit), usage.state.toLowerCase()) : null);
    put(this.state, limited ? chip(usage.state) : h('span', {class: 'chip none'}, 'No daily limit'));
    this.element.classList.toggle('unlimited', !limited);
    if (changed) {
      this.used.classList.remove('moved');
      requestAnimationFrame(() => this.used.classList.add('moved'));
    }
    this.#facts(usage, limited);
    this.#announce(usage, limited, counted);
  }

  #facts(usage, limited) {
    const facts = [];
    if (limited) {
      facts.push(['Remaining', format.number(usage.remaining)]);
    }
    if (limited && String(usage.used) !== String(usage.limitUsed)) {
      facts.push(['In all, with what others pay', format.number(usage.used)]);
    }
    if (usage.resetsAt) {
      const away = Date.parse(usage.resetsAt) - Date.now();
      facts.push(['Resets', `00:00 UTC${away > 0 && away < 86_400_000 ? `, in ${format.duration(away)}` : ''}`]);
    }
    facts.push(['Newest action', usage.asOf ? `${format.time(usage.asOf)} UTC` : 'none today']);
    put(this.facts, facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
  }

  /** Not at each change: who listens would hear nothing else. */
  #announce(usage, limited, counted) {
    const now = Date.now();
    if (this.toldState === usage.state && now - this.told < ANNOUNCE_EVERY) {
      return;
    }
    this.told = now;
    this.toldState = usage.state;
    say(document.getElementById('announcer'),
      `${format.number(counted)}${limited ? ` of ${format.number(usage.limit)}` : ''} ${this.meter} today. ${limited ? format.state(usage.state) : ''}`);
  }

  /** Shows how the answers come. */
  linked(state, reason = '') {
    this.element.removeAttribute('aria-busy');
    const words = {
      live: 'Live',
      polling: 'Updated every 2 s',
      behind: 'Not up to date',
      reconnecting: 'Reconnecting',
      refused: 'Not available',
    };
    const stale = this.usage?.stale && (state === 'live' || state === 'polling');
    this.link.className = `link ${stale ? 'stale' : state}`;
    const lost = state === 'reconnecting' || state === 'behind' || state === 'refused';
    const since = this.usage && lost ? `, last heard ${format.time(this.heard)} UTC` : '';
    say(this.link, stale ? 'Stale: may be more than 10 s behind' : words[state] + since + (lost && reason ? ` – ${reason}` : ''));
    this.element.classList.toggle('away', lost);
    if (state === 'live' || state === 'polling') {
      this.heard = Date.now();
    }
  }
}
