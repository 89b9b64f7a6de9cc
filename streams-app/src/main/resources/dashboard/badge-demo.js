'use strict';
document.getElementById('choose').addEventListener('submit', (event) => {
  event.preventDefault();
  const [, kind, id] = /^(user|org):(.+)$/.exec(document.getElementById('subject').value.trim()) ?? [];
  if (id) {
    document.querySelectorAll('usage-badge').forEach((badge) => {
      badge.removeAttribute(kind === 'user' ? 'org' : 'user');
      badge.setAttribute(kind, id);
    });
  }
});
