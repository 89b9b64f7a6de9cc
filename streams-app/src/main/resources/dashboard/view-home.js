// Where to begin: what was opened last, and the demo's subjects where they are.

import {probe} from './api.js';
import {h, put} from './dom.js';
import * as format from './format.js';
import {recent} from './recent.js';

const DEMO = [['user', 'demo-pro'], ['user', 'demo-starter'], ['user', 'demo-payg'], ['org', 'demo-team'], ['org', 'demo-enterprise']];

/** @return {{element: Element, title: string, stop: function()}} */
export function homeView() {
  const demo = h('div');
  let stopped = false;
  Promise.all(DEMO.map(async ([kind, id]) => ((await probe(`/v1/subscriptions/${kind}:${id}`)).up ? [kind, id] : null))).then((found) => {
    const there = found.filter((each) => each !== null);
    if (!stopped && there.length > 0) {
      put(demo, list('Demo subjects', there));
    }
  });
  const known = recent();
  const element = h('div', {class: 'home'},
    h('header', {class: 'home-head'},
      h('h1', {}, 'Every action, counted once.'),
      h('p', {}, 'Open a user or an organisation above to see its use today, what is left, who uses it and what it costs.')),
    h('div', {class: 'grid'},
      known.length ? list('Opened lately', known) : null,
      demo,
      h('section', {class: 'panel'},
        h('div', {class: 'panel-head'}, h('h2', {}, 'In your own header')),
        h('div', {class: 'panel-body'},
          h('p', {}, 'One file, no dependencies, and the number moves by itself:'),
          h('pre', {class: 'code', tabindex: '0'}, h('code', {},
            `<script src="${location.origin}/usage-badge.js" defer></script>\n<usage-badge user="u1"></usage-badge>`)),
          h('p', {class: 'small'}, h('a', {href: '/badge-demo.html'}, 'See it in a header'), '.')))));
  return {element, title: 'Home', stop: () => { stopped = true; }};
}

function list(title, subjects) {
  return h('section', {class: 'panel'},
    h('div', {class: 'panel-head'}, h('h2', {}, title)),
    h('ul', {class: 'subjects'}, subjects.map(([kind, id]) =>
      h('li', {}, h('a', {href: `#/${kind}/${format.encode(id)}`}, h('span', {class: `kind ${kind}`}, kind === 'user' ? 'User' : 'Org'), h('span', {class: 'id'}, id))))));
}
