// The page: finds the view that the address names, and what stands around each view.

import {has, hasToken, useToken} from './api.js';
import {h, icon, put} from './dom.js';
import * as format from './format.js';
import {remember} from './recent.js';
import {homeView} from './view-home.js';
import {subjectView} from './view-subject.js';
import {systemView} from './view-system.js';

const main = document.getElementById('main');
let view = null;

/** What an address names: `#/user/<id>?meter=…`, `#/org/<id>`, `#/system`. The id is encoded as in the routes. */
function route() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const [name, ...rest] = path.split('/');
  if (name === 'user' || name === 'org') {
    const id = decoded(rest.join('/'));
    if (id) {
      return {name, id, meter: new URLSearchParams(query).get('meter') || 'actions'};
    }
  }
  return {name: name === 'system' ? 'system' : path === '' ? 'home' : 'unknown'};
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function open(to) {
  switch (to.name) {
    case 'user':
    case 'org':
      remember(to.name, to.id);
      document.getElementById('find-kind').value = to.name;
      document.getElementById('find-id').value = to.id;
      return subjectView({kind: to.name, id: to.id}, to.meter);
    case 'system':
      return systemView();
    case 'home':
      return homeView();
    default:
      return {
        title: 'Not found',
        element: h('div', {class: 'home'}, h('header', {class: 'home-head'}, h('h1', {}, 'There is nothing here.'),
          h('p', {}, 'An address is #/user/<id>, #/org/<id> or #/system. ', h('a', {href: '#/'}, 'Back to the beginning'), '.'))),
        stop() {},
      };
  }
}

function show(moveFocus) {
  view?.stop();
  const to = route();
  view = open(to);
  put(main, view.element);
  document.title = `${view.title} · Tally`;
  document.querySelectorAll('[data-nav]').forEach((link) =>
    link.dataset.nav === to.name ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current'));
  if (moveFocus) {
    scrollTo(0, 0);
    main.focus({preventScroll: true});
  }
}

// The skip link's target is no view.
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});

document.getElementById('find').addEventListener('submit', (event) => {
  event.preventDefault();
  const kind = document.getElementById('find-kind').value;
  const id = document.getElementById('find-id').value.trim();
  if (id) {
    const hash = `#/${kind}/${format.encode(id)}`;
    if (location.hash === hash) {
      show(true);
    } else {
      location.hash = hash;
    }
  }
});

const SUN = 'M12 3v2m0 14v2M5 5l1.5 1.5M17.5 17.5 19 19M3 12h2m14 0h2M5 19l1.5-1.5M17.5 6.5 19 5M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8';
const MOON = 'M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z';

function themeButton() {
  const button = document.getElementById('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const dark = () => (document.documentElement.dataset.theme ? document.documentElement.dataset.theme === 'dark' : system.matches);
  const label = () => {
    put(button, icon(dark() ? SUN : MOON));
    button.setAttribute('aria-label', dark() ? 'Use the light theme' : 'Use the dark theme');
    document.dispatchEvent(new CustomEvent('tally:theme'));
  };
  button.addEventListener('click', () => {
    const chosen = dark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = chosen;
    try {
      localStorage.setItem('tally.theme', chosen);
    } catch {
      // It holds until the page is loaded again.
    }
    label();
  });
  system.addEventListener('change', label);
  label();
}

function tokenDialog() {
  const dialog = document.getElementById('token-dialog');
  const text = document.getElementById('token-text');
  const button = document.getElementById('sign-in');
  let refused = false;
  const ask = () => {
    if (!dialog.open) {
      text.value = '';
      put(document.getElementById('token-why'), refused && hasToken()
        ? 'The server does not take the token that is in use. It may have expired.'
        : 'This server asks for a bearer token. Its claims say whose use you see.');
      dialog.showModal();
    }
  };
  const use = (value) => {
    useToken(value);
    refused = false;
    dialog.close();
    show(false);
  };
  button.addEventListener('click', ask);
  document.getElementById('token-cancel').addEventListener('click', () => dialog.close());
  document.getElementById('token-forget').addEventListener('click', () => use(''));
  document.getElementById('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    use(text.value);
  });
  document.addEventListener('tally:unauthorised', () => {
    button.hidden = false;
    if (!refused) {
      refused = true;
      ask();
    }
  });
  has('/v1/stream-tickets', 'post').then((known) => {
    button.hidden = !(known || hasToken() || refused);
  });
}

themeButton();
tokenDialog();
addEventListener('hashchange', () => show(true));
show(false);
