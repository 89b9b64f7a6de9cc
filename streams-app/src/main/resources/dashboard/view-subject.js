// A user's or an org's page.

import {download, get, has} from './api.js';
import {BurnDown, DayBars, figures} from './charts.js';
import {Counter} from './counter.js';
import {h, icon, put} from './dom.js';
import * as format from './format.js';
import {follow} from './live.js';
import {bar, chip, failure, KEPT, Panel} from './panel.js';
import {burnDown, daysOf} from './pool.js';

const SLOW = 30_000;
const SOON = 1_500;
const SETTLED = 5_000;
const ALERTS = 20;
const DIMENSIONS = [['member', 'Member'], ['space', 'Space'], ['model', 'Model'], ['action', 'Action'], ['trigger', 'Trigger']];
const DOWNLOAD = 'M12 4v11m0 0-4-4m4 4 4-4M5 20h14';

/**
 * @param {{kind: 'user'|'org', id: string}} of whose page
 * @param {string} meter which of its meters
 * @return {{element: Element, title: string, stop: function()}}
 */
export function subjectView(of, meter) {
  const encoded = format.encode(of.id);
  const subject = {...of, encoded, path: `/v1/${of.kind}s/${encoded}`};
  const page = new SubjectPage(subject, meter);
  page.start();
  return {element: page.element, title: of.id, stop: () => page.stop()};
}

class SubjectPage {
  constructor(subject, meter) {
    this.subject = subject;
    this.meter = meter;
    this.today = new Date().toISOString().slice(0, 10);
    this.meters = new Set(['actions', meter]);
    this.billing = null;
    this.lastState = null;
    this.alerting = [];
    this.counter = new Counter(meter);
    this.plan = h('span', {class: 'plan'});
    this.tabs = h('nav', {class: 'meters', 'aria-label': 'Meter'});
    this.bars = new DayBars(meter);
    this.burn = new BurnDown();
    this.panels = this.#panels();
    this.extras = h('div', {class: 'extras'});
    this.element = h('div', {class: `subject ${subject.kind}`},
      h('header', {class: 'subject-head'},
        h('div', {},
          h('p', {class: 'eyebrow'}, subject.kind === 'user' ? 'User' : 'Organisation'),
          h('h1', {}, subject.id),
          this.plan),
        this.tabs),
      this.counter.element,
      h('div', {class: 'grid'}, Object.values(this.panels).map((panel) => panel.element)),
      this.extras);
    this.#meters();
  }

  #panels() {
    const {subject, meter} = this;
    const org = subject.kind === 'org';
    const panels = {};
    if (org) {
      panels.pool = new Panel('Pool of this billing period', {
        name: 'pool',
        wide: true,
        load: () => this.#pool(),
        show: (data) => this.#showPool(data),
        empty: 'The plan includes nothing, so there is no pool.',
        absent: 'No plan, so there is no pool.',
      });
    }
    panels.history = new Panel('Last 35 days', {
      name: 'history',
      load: () => get(`${subject.path}/usage/history?${new URLSearchParams({meter})}`),
      show: (data) => this.#showHistory(data),
      empty: `No ${meter} in the last 35 days.`,
    });
    panels.billing = new Panel('Billing', {
      name: 'billing',
      load: () => this.#loadBilling(),
      show: (data) => this.#showBilling(data),
      empty: 'Nothing is billed.',
      absent: 'No plan: usage is counted, nothing is limited or billed.',
    });
    panels.limits = new Panel('Limits', {
      name: 'limits',
      wide: true,
      load: () => get(`${subject.path}/limits`),
      show: (data) => this.#showLimits(data),
      empty: 'No limits are in force.',
      absent: 'No subscription, so no limits are in force.',
    });
    if (org) {
      panels.split = new Panel('Who and what uses it', {
        name: 'split',
        wide: true,
        load: () => this.#loadSplit(),
        show: (data) => this.#showSplit(data),
        empty: `No ${meter} in this billing period, or without a plan in the last 35 days.`,
      });
    }
    panels.alerts = new Panel('Alerts', {
      name: 'alerts',
      wide: true,
      load: () => get(`${subject.path}/alerts?limit=${ALERTS}`),
      show: (data) => this.#showAlerts(data),
      empty: 'None in the last seven days. They show here as they come.',
    });
    return panels;
  }

  start() {
    this.following = follow(this.subject, this.meter, {
      usage: (usage) => this.#usage(usage),
      link: (state, reason) => this.#link(state, reason),
    });
    this.#refresh();
    this.slow = setInterval(() => document.hidden || this.#refresh(), SLOW);
    this.#extras();
  }

  stop() {
    this.following.stop();
    clearInterval(this.slow);
    clearTimeout(this.soon);
    clearTimeout(this.settled);
    this.alerting.forEach(clearTimeout);
    this.bars.end();
    this.burn.end();
  }

  #refresh() {
    Object.values(this.panels).forEach((panel) => panel.refresh());
  }

  /** What follows each change of use: not the alerts, since the server reads its log for them. */
  #refreshFigures() {
    Object.values(this.panels).filter((panel) => panel !== this.panels.alerts).forEach((panel) => panel.refresh());
  }

  /** Alerts are raised where payers are summed, a moment after the user's own count has changed. */
  #refreshAlerts() {
    this.alerting.forEach(clearTimeout);
    this.alerting = [SOON, SOON + SETTLED].map((wait) => setTimeout(() => this.panels.alerts.refresh(), wait));
  }

  #usage(usage) {
    const before = this.counter.usage;
    this.counter.update(usage);
    this.today = usage.window.start.slice(0, 10);
    const state = usage.limit === null ? null : usage.state;
    if (before !== null && this.lastState !== state) {
      this.#refreshAlerts();
    }
    this.lastState = state;
    if (before === null && this.days) {
      this.bars.update(this.days, usage.limit);
    }
    if (before !== null && (String(before.used) !== String(usage.used) || before.limit !== usage.limit || before.window.start !== usage.window.start)) {
      // Others follow from the same change; not more often than they can be read.
      this.soon ??= setTimeout(() => {
        this.soon = undefined;
        this.#refreshFigures();
        // What is summed for payers comes a moment after the user's own count.
        clearTimeout(this.settled);
        this.settled = setTimeout(() => this.#refreshFigures(), SETTLED);
      }, SOON);
    }
  }

  #link(state, reason) {
    const was = this.linkState;
    this.linkState = state;
    this.counter.linked(state, reason);
    if ((was === 'reconnecting' || was === 'behind' || was === 'refused') && (state === 'live' || state === 'polling')) {
      this.#refresh();
    }
  }

  #showAlerts({alerts, more}) {
    if (alerts.length === 0) {
      return null;
    }
    const heads = ['Alert', 'Severity', 'Meter', 'Threshold', 'Used', 'Window', 'Time (UTC)'];
    return [h('table', {class: 'stack'},
      h('thead', {}, h('tr', {}, heads.map((head) => h('th', {scope: 'col'}, head)))),
      h('tbody', {}, alerts.map((alert) => h('tr', {},
        h('th', {scope: 'row', title: `Caused by ${alert.cause}`}, format.alert(alert.kind)),
        h('td', {'data-label': 'Severity'}, h('span', {class: `chip ${SEVERITY_CHIPS[alert.severity] ?? 'none'}`}, format.severity(alert.severity))),
        h('td', {'data-label': 'Meter', class: 'whose'}, alert.meter, h('span', {class: 'sub'}, this.#scope(alert))),
        h('td', {'data-label': 'Threshold'}, threshold(alert)),
        h('td', {'data-label': 'Used'}, usedOf(alert)),
        h('td', {'data-label': 'Window'}, format.range(alert.windowStart, alert.windowEnd)),
        h('td', {'data-label': 'Time'}, h('time', {datetime: alert.at}, format.minute(alert.at)),
          alert.late ? h('span', {class: 'sub'}, 'after its window') : null))))),
    more ? h('p', {class: 'small'}, 'There are older ones than these.') : null];
  }

  #meters() {
    const base = `#/${this.subject.kind}/${this.subject.encoded}`;
    this.tabs.hidden = this.meters.size < 2;
    put(this.tabs, [...this.meters].map((meter) =>
      h('a', {
        href: meter === 'actions' ? base : `${base}?${new URLSearchParams({meter})}`,
        'aria-current': meter === this.meter ? 'page' : null,
      }, meter)));
  }

  #know(meters) {
    const before = this.meters.size;
    meters.forEach((meter) => this.meters.add(meter));
    if (this.meters.size !== before) {
      this.#meters();
    }
  }

  async #loadBilling() {
    try {
      this.billing = await get(`${this.subject.path}/billing`);
    } catch (problem) {
      if (problem.status === 404) {
        this.billing = null;
        put(this.plan, 'No plan');
      }
      throw problem;
    }
    this.#know(this.billing.meters.map((row) => row.meter));
    put(this.plan, `Plan ${this.billing.plan}`, this.billing.seats ? ` · ${format.number(this.billing.seats)} seats` : '');
    return this.billing;
  }

  #showHistory(data) {
    const rows = data.days;
    const total = rows.reduce((sum, row) => sum + BigInt(row.used), 0n);
    if (total === 0n) {
      return null;
    }
    this.days = rows;
    this.bars.update(rows, this.counter.usage?.limit);
    const used = rows.filter((row) => BigInt(row.used) > 0n).length;
    const facts = h('dl', {class: 'facts'},
      fact('In all', format.number(total)),
      fact('Days with use', `${used} of ${rows.length}`),
      fact('A day with use, on average', format.number(Math.round(Number(total) / used))));
    const table = figures(`${this.meter} by day`, ['Day', this.meter], rows.toReversed().map((row) => [format.dayLong(row.day), format.number(row.used)]));
    return this.#keeping('history', this.bars.element, [], [facts, table]);
  }

  /** Puts new nodes before and after a chart that stays, and leaves a table open that was. */
  #keeping(name, chart, before, after) {
    const body = this.panels[name].body;
    const open = body.querySelector('details.figures')?.open ?? false;
    if (!body.contains(chart)) {
      put(body, chart);
    }
    [...body.children].forEach((child) => child === chart || child.remove());
    chart.before(...before);
    chart.after(...after);
    body.querySelector('details.figures').open = open;
    return KEPT;
  }

  /** The meter's pool, else the plan's first: a page about actions shows a pool of credits too. */
  async #pool() {
    const billing = await get(`${this.subject.path}/billing`);
    const pools = billing.meters.filter((row) => Number(row.included) + Number(row.granted) > 0);
    const charges = pools.find((row) => row.meter === this.meter) ?? pools[0];
    if (!charges) {
      return {stale: billing.stale, charges: null};
    }
    const range = daysOf(billing.period, this.today);
    const history = await get(`${this.subject.path}/usage/history?${new URLSearchParams({meter: charges.meter, ...range})}`);
    return {stale: billing.stale || history.stale, billing, charges, days: history.days};
  }

  #showPool({billing, charges, days}) {
    if (!charges) {
      return null;
    }
    const burn = burnDown(billing.period, charges, days, this.#now());
    const left = Number(charges.includedRemaining) + Number(charges.grantsRemaining);
    const head = h('p', {class: 'pool-count'},
      h('span', {class: 'used'}, format.number(left)), h('span', {class: 'of'}, ` of ${format.number(burn.total)}`),
      h('span', {class: 'what'}, ` ${charges.meter} left`));
    this.burn.update(burn, charges.meter);
    const table = figures(`${charges.meter} left by day`, ['Time (UTC)', 'Left', 'At this pace'], burn.at.map((at, i) => [
      format.minute(at * 1e3),
      burn.left[i] === null ? '' : format.number(Math.round(burn.left[i])),
      burn.projected[i] === null ? '' : format.number(Math.round(burn.projected[i])),
    ]));
    return this.#keeping('pool', this.burn.element, [head, h('p', {class: 'forecast'}, forecast(burn, charges.meter))], [
      legend(),
      h('dl', {class: 'facts'},
        fact('Included', format.number(charges.included)),
        Number(charges.granted) ? fact('Granted', format.number(charges.granted)) : null,
        fact('Used', format.number(charges.used)),
        Number(charges.overage) ? fact('Overage, billed', format.number(charges.overage)) : null,
        Number(charges.excess) ? fact('Excess, not billed', format.number(charges.excess)) : null,
        fact('Period', `${format.minute(billing.period.start)} – ${format.minute(billing.period.end)} UTC`)),
      table,
    ]);
  }

  /** The server's day at this clock's time of day, should the two differ by more than that. */
  #now() {
    const here = Date.now();
    const start = Date.parse(this.today);
    return (here >= start - 3_600_000 && here < start + 90_000_000 ? here : start + (here % 86_400_000)) / 1000;
  }

  #showLimits({rows}) {
    this.#know(rows.map((row) => row.meter));
    if (rows.length === 0) {
      return null;
    }
    const order = {EXCEEDED: 0, REACHED: 1, WARNING: 2, OK: 3};
    const sorted = [...rows].sort((a, b) => order[a.state] - order[b.state]);
    return h('table', {class: 'limits stack'},
      h('thead', {}, h('tr', {}, ['Limit', 'Used', 'State', 'Beyond it', 'Resets'].map((head) => h('th', {scope: 'col'}, head)))),
      h('tbody', {}, sorted.map((row) => h('tr', {},
        h('th', {scope: 'row'}, h('strong', {}, row.meter), ` ${format.span(row.window)}`, h('span', {class: 'sub'}, this.#scope(row))),
        h('td', {'data-label': 'Used'},
          h('span', {class: 'num'}, `${format.number(row.limitUsed)} / ${format.number(row.limit)}`),
          Number(row.held) ? h('span', {class: 'sub'}, `${format.number(row.held)} held`) : null,
          bar(format.share(row.limitUsed, row.limit), row.state.toLowerCase())),
        h('td', {'data-label': 'State'}, chip(row.state)),
        h('td', {'data-label': 'Beyond it'}, format.beyond(row.beyond)),
        h('td', {'data-label': 'Resets', class: 'num'}, row.resetsAt ? `${format.minute(row.resetsAt)} UTC` : 'never')))));
  }

  #scope(row) {
    const names = {USER: 'user', ORG: 'org', MEMBER: 'member', SPACE: 'space'};
    const name = names[row.scope] ?? row.scope;
    return row.scopeId === this.subject.id && (row.scope === 'USER' || row.scope === 'ORG') ? `this ${name}` : `${name} ${row.scopeId || '(each)'}`;
  }

  #showBilling(data) {
    const cost = data.cost;
    const rows = data.meters;
    return [
      cost ? costs(cost) : null,
      h('dl', {class: 'facts'},
        fact('Period', `${format.day(data.period.start)} – ${format.dayLong(Date.parse(data.period.end) - 1)}`),
        fact('Plan', data.plan),
        data.seats ? fact('Seats', format.number(data.seats)) : null,
        fact('Stripe customer', data.stripeCustomerId
          ? h('a', {href: `https://dashboard.stripe.com/customers/${encodeURIComponent(data.stripeCustomerId)}`, rel: 'noreferrer', target: '_blank'}, data.stripeCustomerId)
          : 'none')),
      rows.length === 0 ? h('p', {class: 'empty'}, 'No meter has been used or included in this period.') : null,
      rows.map((row) => coverage(row)),
    ];
  }

  async #loadSplit() {
    let from = null;
    try {
      from = (await get(`${this.subject.path}/billing`)).period;
    } catch (problem) {
      if (problem.status !== 404) {
        throw problem;
      }
    }
    const query = {by: DIMENSIONS.map(([name]) => name).join(','), meter: this.meter};
    if (from) {
      Object.assign(query, daysOf(from, this.today));
    }
    const answer = await get(`${this.subject.path}/breakdown?${new URLSearchParams(query)}`);
    return {period: from, breakdowns: answer.breakdowns, stale: Object.values(answer.breakdowns).some((each) => each.stale)};
  }

  #showSplit({breakdowns, period}) {
    if (DIMENSIONS.every(([name]) => Number(breakdowns[name].total) === 0)) {
      this.split = null;
      return null;
    }
    this.split ??= new Split(this.meter);
    this.split.update(breakdowns);
    this.split.range(period ? `Whole days from ${format.dayLong(period.start)} on` : 'The last 35 days');
    return this.panels.split.body.contains(this.split.element) ? KEPT : this.split.element;
  }

  async #extras() {
    const route = `/v1/${this.subject.kind}s/{id}`;
    if (await has(`${route}/facts`)) {
      this.extras.append(this.#facts());
    }
    if (await has(`${route}/actions`)) {
      this.extras.append(this.#audit());
    }
  }

  /** Only when asked for: they are read from the log. */
  #facts() {
    const panel = new Panel('Billable facts of this period', {
      name: 'billable',
      wide: true,
      load: () => get(`${this.subject.path}/facts`),
      show: (data) => factTable(data),
      empty: 'None yet.',
      absent: 'No plan, so nothing is billable.',
    });
    const show = h('button', {type: 'button', class: 'quiet', on: {click: () => panel.ask()}}, 'Show');
    put(panel.body, h('p', {class: 'row'}, show, 'What Stripe has been told, or will be.'));
    panel.body.removeAttribute('aria-busy');
    return panel.element;
  }

  #audit() {
    const problem = h('div', {role: 'alert'});
    const from = h('input', {type: 'date', id: 'audit-from', value: this.today, required: true});
    const to = h('input', {type: 'date', id: 'audit-to', value: this.today, required: true});
    const as = h('select', {id: 'audit-format'}, h('option', {value: 'csv'}, 'CSV'), h('option', {value: 'ndjson'}, 'NDJSON'));
    const save = async (event) => {
      event.preventDefault();
      put(problem);
      const query = new URLSearchParams({from: from.value, to: to.value, format: as.value});
      try {
        await download(`${this.subject.path}/actions?${query}`, `${this.subject.kind}-${this.subject.encoded}-${from.value}-${to.value}.${as.value}`);
      } catch (e) {
        put(problem, failure(e));
      }
    };
    return h('section', {class: 'panel wide audit'},
      h('div', {class: 'panel-head'}, h('h2', {}, 'Audit')),
      h('div', {class: 'panel-body'},
        h('p', {}, 'Every counted action with its amounts, payer, partition and offset.'),
        h('form', {class: 'row', on: {submit: save}},
          h('span', {class: 'pair'}, h('label', {for: 'audit-from'}, 'From'), from),
          h('span', {class: 'pair'}, h('label', {for: 'audit-to'}, 'to'), to),
          h('label', {for: 'audit-format', class: 'hidden'}, 'Format'), as,
          h('button', {type: 'submit'}, icon(DOWNLOAD), 'Download')), problem));
  }
}

const SEVERITY_CHIPS = {INFO: 'ok', WARNING: 'warning', CRITICAL: 'exceeded'};

/** Of a pool the threshold is what is left; what is unusual has none. */
function threshold({kind, threshold: percent}) {
  return percent === null ? 'none' : kind === 'POOL_LOW' ? `${percent} % left` : `${percent} %`;
}

function usedOf({kind, used, limit}) {
  if (limit === null) {
    return format.number(used);
  }
  return kind === 'ANOMALY' || kind === 'SILENCE'
    ? `${format.number(used)}, usually ${format.number(limit)}`
    : `${format.number(used)} of ${format.number(limit)}`;
}

const fact = (name, value) => h('div', {}, h('dt', {}, name), h('dd', {}, value));

function legend() {
  const mark = (kind, text) => h('li', {class: kind}, text);
  return h('ul', {class: 'legend'}, mark('was', 'Left'), mark('will', 'At this pace'), mark('even', 'Even pace'));
}

function forecast(burn, meter) {
  const of = burn.paceDays === 0 ? 'of the period so far' : burn.paceDays === 1 ? 'of the last whole day' : `of the last ${burn.paceDays} whole days`;
  if (burn.present <= 0) {
    return burn.present < 0 ? `${format.number(-burn.present)} ${meter} beyond the pool.` : 'The pool is empty.';
  }
  if (burn.pace === 0) {
    return `At the pace ${of}, 0 a day, the pool lasts.`;
  }
  const pace = `At the pace ${of}, ${format.number(Math.round(burn.pace))} a day, `;
  return burn.emptyAt
    ? `${pace}the pool is empty on ${format.day(burn.emptyAt * 1e3)}, ${format.duration((burn.end - burn.emptyAt) * 1e3)} before the period ends.`
    : `${pace}${format.number(Math.round(burn.atEnd))} are left when the period ends.`;
}

function costs(cost) {
  const projected = cost.projected;
  return h('div', {class: 'cost'},
    h('p', {class: 'money'}, h('span', {class: 'used'}, format.money(cost.toDate, cost.currency)), h('span', {class: 'what'}, ' to date')),
    projected ? h('p', {class: 'projected'}, `Projected ${format.money(projected.likely, cost.currency)}`,
      h('span', {class: 'sub'}, `between ${format.money(projected.low, cost.currency)} and ${format.money(projected.high, cost.currency)}`)) : null,
    h('dl', {class: 'facts'},
      fact('Base', format.money(cost.base, cost.currency)),
      Number(cost.seats) ? fact('Seats', format.money(cost.seats, cost.currency)) : null,
      fact('Overage', format.money(cost.overage, cost.currency))));
}

function coverage(row) {
  const covered = Number(row.included) + Number(row.granted);
  const facts = [
    ['Included', row.included, true],
    ['Granted', row.granted, Number(row.granted) !== 0],
    ['Left of the allocation', row.includedRemaining, Number(row.included) !== 0],
    ['Left of grants', row.grantsRemaining, Number(row.granted) !== 0],
    ['Overage, billed', row.overage, Number(row.overage) !== 0],
    ['Overage not yet reported', row.unreported, Number(row.unreported) !== 0],
    ['Excess, not billed', row.excess, Number(row.excess) !== 0],
  ].filter(([, , shown]) => shown);
  return h('div', {class: 'coverage'},
    h('h3', {}, row.meter, h('span', {class: 'num'}, covered ? `${format.number(row.used)} / ${format.number(covered)}` : format.number(row.used))),
    covered ? bar(format.share(row.used, covered), Number(row.overage) || Number(row.excess) ? 'exceeded' : '') : null,
    h('dl', {class: 'facts'}, facts.map(([name, value]) => fact(name, format.number(value)))));
}

function factTable({facts, next}) {
  if (facts.length === 0) {
    return null;
  }
  const heads = ['Interval (UTC)', 'Meter', 'Amount', 'Kind', 'Stripe'];
  return [h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Billable facts'},
    h('table', {},
      h('thead', {}, h('tr', {}, heads.map((head) => h('th', {scope: 'col', class: head === 'Amount' ? 'num' : null}, head)))),
      h('tbody', {}, facts.map((row) => h('tr', {},
        h('th', {scope: 'row', title: row.identifier}, format.range(row.intervalStart, row.intervalEnd)),
        h('td', {}, row.meter),
        h('td', {class: 'num'}, format.number(row.amount)),
        h('td', {}, row.originPeriodStart ? `${row.kind} of ${format.day(row.originPeriodStart)}` : row.kind),
        h('td', {}, row.stripe?.status ?? 'not known')))))),
  next ? h('p', {class: 'small'}, 'There are more than these.') : null];
}

/** An org's use by one of five dimensions, chosen by tabs. */
class Split {
  constructor(meter) {
    this.meter = meter;
    this.chosen = DIMENSIONS[0][0];
    this.all = false;
    this.when = h('p', {class: 'small'});
    this.tabs = DIMENSIONS.map(([name, text], i) => h('button', {
      type: 'button',
      role: 'tab',
      id: `split-${name}`,
      'aria-controls': 'split-rows',
      on: {click: () => this.choose(i), keydown: (event) => this.#key(event, i)},
    }, text));
    this.rows = h('div', {id: 'split-rows', role: 'tabpanel', tabindex: '0'});
    this.element = h('div', {}, h('div', {class: 'tabs', role: 'tablist', 'aria-label': 'Split by'}, this.tabs), this.rows, this.when);
  }

  update(breakdowns) {
    this.breakdowns = breakdowns;
    this.#draw();
  }

  range(text) {
    put(this.when, text);
  }

  choose(i) {
    this.chosen = DIMENSIONS[i][0];
    this.all = false;
    this.#draw();
    this.tabs[i].focus();
  }

  #key(event, i) {
    const to = {ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: DIMENSIONS.length - 1}[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.choose((to + DIMENSIONS.length) % DIMENSIONS.length);
    }
  }

  #draw() {
    DIMENSIONS.forEach(([name], i) => {
      const chosen = name === this.chosen;
      this.tabs[i].setAttribute('aria-selected', String(chosen));
      this.tabs[i].tabIndex = chosen ? 0 : -1;
    });
    this.rows.setAttribute('aria-labelledby', `split-${this.chosen}`);
    const {rows, total} = this.breakdowns[this.chosen];
    const sorted = [...rows].sort((a, b) => Number(b.used) - Number(a.used));
    const shown = this.all ? sorted : sorted.slice(0, 8);
    const most = sorted.length ? sorted[0].used : 0;
    const text = DIMENSIONS.find(([name]) => name === this.chosen)[1];
    put(this.rows,
      h('table', {class: 'split'},
        h('thead', {class: 'hidden'}, h('tr', {}, [text, this.meter, 'Share'].map((head) => h('th', {scope: 'col'}, head)))),
        h('tbody', {}, shown.map((row) => h('tr', {},
          h('th', {scope: 'row'}, this.#name(row.key)),
          h('td', {class: 'num amount'}, format.number(row.used)),
          h('td', {class: 'num part'}, bar(format.share(row.used, most)), h('span', {class: 'share'}, format.percent(format.share(row.used, total)))))))),
      sorted.length > shown.length
        ? h('button', {type: 'button', class: 'quiet', on: {click: () => { this.all = true; this.#draw(); }}}, `Show all ${format.number(sorted.length)}`)
        : null);
  }

  /** A key; what has none and what is beyond the kept ones has no name of its own. */
  #name(key) {
    if (key === '(none)' || key === '(other)') {
      return h('em', {}, key === '(none)' ? 'None' : 'All others');
    }
    return this.chosen === 'member' ? h('a', {href: `#/user/${format.encode(key)}`}, key) : key;
  }
}
