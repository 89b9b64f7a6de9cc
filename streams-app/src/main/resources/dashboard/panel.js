// One part of a page: loads by itself, and says so while it waits, fails, is empty or may be behind.

import {h, put} from './dom.js';
import * as format from './format.js';

/** A part of a page with a title. */
export class Panel {
  /**
   * @param {string} title its heading
   * @param {object} options `wide`: over the whole width; `load`: asks for its data; `show(data)`: the nodes of it, or null where there is
   *   nothing to show; `empty`: what is said then; `absent`: what is said to a 404, which then is no error
   */
  constructor(title, options) {
    this.options = options;
    this.title = title;
    this.note = h('span', {class: 'note'});
    this.body = h('div', {class: 'panel-body', 'aria-busy': 'true'}, skeleton());
    this.element = h('section', {class: `panel ${options.wide ? 'wide' : ''} ${options.name ?? ''}`.trim()},
      h('div', {class: 'panel-head'}, h('h2', {}, title), this.note), this.body);
    this.loaded = false;
    this.underway = false;
    this.again = false;
  }

  /** Asks because somebody wants it, where nothing is shown yet. Whoever pressed a button for it keeps the place. */
  ask() {
    put(this.body, skeleton());
    this.body.setAttribute('aria-busy', 'true');
    this.body.tabIndex = -1;
    this.body.setAttribute('role', 'group');
    this.body.setAttribute('aria-label', this.title);
    this.body.focus({preventScroll: true});
    return this.refresh();
  }

  /** Asks again; one question at a time, so that a slow server is not asked faster than it answers. What is shown stays until then. */
  async refresh() {
    this.again = true;
    if (this.underway) {
      return;
    }
    this.underway = true;
    while (this.again) {
      this.again = false;
      await this.#load();
    }
    this.underway = false;
  }

  async #load() {
    let data;
    try {
      data = await this.options.load();
    } catch (problem) {
      this.#fail(problem);
      return;
    }
    this.loaded = true;
    this.heard = Date.now();
    this.body.setAttribute('aria-busy', 'false');
    put(this.note, data.stale ? h('span', {class: 'tag stale', title: 'This may be more than 10 s behind'}, 'Stale') : null);
    try {
      keepingPlace(this.body, () => {
        const shown = this.options.show(data);
        if (shown !== KEPT) {
          put(this.body, shown ?? h('p', {class: 'empty'}, this.options.empty));
        }
      });
    } catch (e) {
      console.error(e);
      put(this.body, failure({message: 'this browser cannot show it'}, null));
    }
  }

  #fail(problem) {
    if (this.again) {
      return;
    }
    this.body.setAttribute('aria-busy', 'false');
    if (problem.status === 404 && this.options.absent) {
      this.loaded = false;
      put(this.note);
      put(this.body, h('p', {class: 'empty'}, this.options.absent));
    } else if (this.loaded) {
      put(this.note, h('span', {class: 'tag stale', title: problem.message}, `As of ${format.time(this.heard)} UTC`));
    } else {
      keepingPlace(this.body, () => put(this.body, failure(problem, () => this.ask())));
    }
  }
}

/** Changes what an element holds; who has the focus in it, or has scrolled something in it, finds it again at the same place. */
export function keepingPlace(element, change) {
  const stops = () => [...element.querySelectorAll('a[href], button, summary, input, select, [tabindex="0"]')];
  const scrolled = () => [...element.querySelectorAll('.scroll')];
  const stop = stops().indexOf(document.activeElement);
  const places = scrolled().map(({scrollLeft, scrollTop}) => [scrollLeft, scrollTop]);
  change();
  scrolled().forEach((each, i) => places[i] && each.scrollTo(...places[i]));
  if (stop >= 0 && !element.contains(document.activeElement)) {
    stops()[stop]?.focus({preventScroll: true});
  }
}

/** Returned by `show` where it has changed what stands there itself. */
export const KEPT = Symbol('kept');

/** Says what went wrong, and offers to try again. */
export function failure(problem, again) {
  return h('div', {class: 'failure'},
    h('p', {}, h('strong', {}, heading(problem)), ' ', problem.message, '.'),
    again ? h('button', {type: 'button', class: 'quiet', on: {click: again}}, 'Try again') : null);
}

function heading(problem) {
  switch (problem.status) {
    case 0: return 'No connection:';
    case 401: return 'Not signed in:';
    case 403: return 'Not allowed:';
    case 410: return 'No longer kept:';
    case 429: return 'Too many requests:';
    case 503: return 'Not ready:';
    default: return 'Not available:';
  }
}

/** What stands where an answer is waited for. */
export function skeleton() {
  return h('div', {class: 'skeleton'}, h('span', {class: 'hidden'}, 'Loading'), h('i', {}), h('i', {}), h('i', {}));
}

/** A bar of a share; the number stands in text beside it. */
export function bar(share, kind = '') {
  return h('span', {class: `bar ${kind} ${share > 0 ? '' : 'none'}`.trim(), vars: {'--share': `${(share * 100).toFixed(2)}%`}, 'aria-hidden': 'true'}, h('i', {}));
}

/** A state in words with its mark. */
export function chip(state) {
  return h('span', {class: `chip ${state.toLowerCase()}`}, format.state(state));
}
