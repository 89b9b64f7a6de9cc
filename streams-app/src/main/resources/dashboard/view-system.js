// How the system does: what became of each record, how far the intake is, what was refused.

import {get, probe} from './api.js';
import {h, put} from './dom.js';
import * as format from './format.js';
import {failure, keepingPlace, skeleton} from './panel.js';

const EVERY = 2_000;
const OUTCOMES = [
  ['counted', 'Counted', 'ok'],
  ['readOnly', 'Read-only', 'calm'],
  ['duplicate', 'Duplicate', 'calm'],
  ['late', 'Late', 'warning'],
  ['deadLettered', 'Dead letters', 'exceeded'],
];

/** @return {{element: Element, title: string, stop: function()}} */
export function systemView() {
  const status = h('div', {class: 'status', 'aria-busy': 'true'}, h('span', {class: 'link waiting'}, 'Asking'));
  const [records, partitions, refused] = Array.from({length: 3}, () => h('div', {class: 'panel-body'}, skeleton()));
  const element = h('div', {class: 'system'},
    h('header', {class: 'subject-head'}, h('div', {}, h('p', {class: 'eyebrow'}, 'All instances'), h('h1', {}, 'System')), status),
    h('div', {class: 'grid'},
      section('What became of each record', records, 'wide'),
      section('Partitions of actions', partitions, 'wide'),
      section('Dead letters by reason', refused),
      section('For machines', h('div', {class: 'panel-body'},
        h('ul', {class: 'subjects'}, [['/metrics', 'Metrics, as Prometheus reads them'], ['/health/ready', 'Readiness'], ['/openapi.json', 'OpenAPI']]
          .map(([path, text]) => h('li', {}, h('a', {href: path}, h('code', {}, path), h('span', {class: 'small'}, text))))),
        h('p', {class: 'small'}, 'Metrics and readiness are those of the instance that answers.')))));
  let timer = 0;
  let stopped = false;

  async function refresh() {
    if (!document.hidden) {
      const [ready, kept, marks] = await Promise.all([
        probe('/health/ready'),
        get('/v1/conservation').catch((problem) => problem),
        get('/v1/watermarks').catch((problem) => problem),
      ]);
      if (stopped) {
        return;
      }
      showStatus(ready);
      showRecords(kept);
      keepingPlace(partitions, () => showPartitions(kept, marks));
    }
    if (!stopped) {
      timer = setTimeout(refresh, EVERY);
    }
  }

  function showStatus({up, problem}) {
    status.removeAttribute('aria-busy');
    const [kind, text] = up
      ? ['live', 'Ready']
      : problem.status === 503 ? ['stale', `Not ready: ${problem.message}`] : ['refused', problem.message];
    put(status, h('span', {class: `link ${kind}`}, text), h('span', {class: 'small'}, ` at ${format.time(Date.now())} UTC`));
  }

  function showRecords(kept) {
    if (kept instanceof Error) {
      put(records, failure(kept, null));
      put(refused, h('p', {class: 'empty'}, 'Not known at the moment.'));
      return;
    }
    const sum = (field) => kept.partitions.reduce((all, partition) => all + BigInt(partition[field]), 0n);
    const read = sum('read');
    const decided = OUTCOMES.reduce((all, [field]) => all + sum(field), 0n);
    const flying = read - decided;
    put(records, read === 0n ? h('p', {class: 'empty'}, 'No record has been read yet.') : [
      h('div', {class: 'stacked', 'aria-hidden': 'true'}, OUTCOMES.map(([field, , kind]) =>
        h('i', {class: kind, vars: {'--share': `${(Number(sum(field)) / Number(read)) * 100}%`}}))),
      h('dl', {class: 'identity'},
        h('div', {class: 'sum'}, h('dt', {}, 'Read'), h('dd', {}, format.number(read))),
        OUTCOMES.map(([field, name, kind]) => h('div', {class: kind}, h('dt', {}, name), h('dd', {}, format.number(sum(field)))))),
      flying === 0n
        ? h('p', {class: 'verdict good'}, 'They add up: each record read has one outcome.')
        : h('p', {class: `verdict ${flying > 0n ? 'flying' : 'bad'}`}, flying > 0n
          ? `${format.number(flying)} on their way to their outcome.`
          : `${format.number(-flying)} more outcomes than records read: partitions were asked one after the other.`),
    ]);
    const reasons = new Map();
    kept.partitions.forEach((partition) => Object.entries(partition.deadLetters).forEach(([reason, count]) =>
      reasons.set(reason, (reasons.get(reason) ?? 0n) + BigInt(count))));
    put(refused, reasons.size === 0
      ? h('p', {class: 'empty'}, 'None. What cannot be read or breaks a rule would be kept and listed here.')
      : [h('table', {}, h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Reason'), h('th', {scope: 'col', class: 'num'}, 'Records'))),
        h('tbody', {}, [...reasons].map(([reason, count]) => h('tr', {}, h('th', {scope: 'row'}, h('code', {}, reason)), h('td', {class: 'num'}, format.number(count)))))),
      h('p', {class: 'small'}, 'To look at and send again: ', h('code', {}, 'tally dead-letters list'), '.')]);
  }

  function showPartitions(kept, marks) {
    const problem = [kept, marks].find((each) => each instanceof Error);
    if (problem) {
      put(partitions, failure(problem, null));
      return;
    }
    const rows = new Map();
    kept.partitions.forEach((each) => rows.set(each.partition, {...each}));
    marks.partitions.forEach((each) => rows.set(each.partition, {...rows.get(each.partition), ...each}));
    const sorted = [...rows.values()].sort((a, b) => a.partition - b.partition);
    const cells = ['read', ...OUTCOMES.map(([field]) => field)];
    put(partitions,
      sorted.length === 0 ? h('p', {class: 'empty'}, 'No partition is known at the moment.') : scroll('Partitions of actions',
        h('table', {},
          h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Partition'), ['Read', ...OUTCOMES.map(([, name]) => name), 'In flight', 'Newest action', 'Behind now']
            .map((head) => h('th', {scope: 'col', class: 'num'}, head)))),
          h('tbody', {}, sorted.map((row) => h('tr', {},
            h('th', {scope: 'row'}, String(row.partition)),
            cells.map((field) => h('td', {class: 'num'}, row[field] === undefined ? '' : format.number(row[field]))),
            h('td', {class: 'num'}, row.read === undefined ? '' : format.number(BigInt(row.read) - OUTCOMES.reduce((all, [field]) => all + BigInt(row[field]), 0n))),
            h('td', {class: 'num'}, row.watermark ? `${format.minute(row.watermark)} UTC` : 'none'),
            h('td', {class: 'num'}, row.watermark ? format.duration(Date.now() - Date.parse(row.watermark)) : '')))))),
      h('p', {class: 'small'}, `An action more than ${marks.latenessHorizon} older than its partition's newest is late. A partition without new actions falls behind now without anything being wrong.`));
  }

  refresh();
  return {
    element,
    title: 'System',
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function section(title, body, kind = '') {
  return h('section', {class: `panel ${kind}`}, h('div', {class: 'panel-head'}, h('h2', {}, title)), body);
}

function scroll(label, table) {
  return h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label}, table);
}
