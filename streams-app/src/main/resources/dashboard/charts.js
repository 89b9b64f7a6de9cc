// Charts by uPlot (a classic script, so it stands in the global scope). Each has its figures as a table beside it.

import {h, put} from './dom.js';
import * as format from './format.js';

const UTC = (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC');

const probe = h('span', {class: 'hidden', 'aria-hidden': 'true'});

/** A colour of the style sheet as it is now; a canvas knows no custom properties. */
function colour(name, alpha = 1) {
  if (!probe.isConnected) {
    document.body.append(probe);
  }
  probe.style.setProperty('color', `var(${name})`);
  const plain = getComputedStyle(probe).color;
  if (alpha === 1) {
    return plain;
  }
  return plain.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
}

function axes(values, dayTick) {
  const shared = {
    stroke: () => colour('--ink-2'),
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
    ticks: {show: false},
    border: {show: false},
  };
  return [
    {...shared, grid: {show: false}, size: 28, gap: 6, space: 64, incrs: [1, 2, 5, 7, 14].map((days) => days * 86_400), values: dayTick},
    {
      ...shared,
      grid: {stroke: () => colour('--line'), width: 1},
      size: (u, labels) => 14 + Math.max(16, ...(labels ?? []).map((label) => String(label).length * 7)),
      gap: 6,
      space: 36,
      values,
    },
  ];
}

const days = (u, splits) => splits.map((at) => format.day(at * 1e3));
const amounts = (u, splits) => splits.map((value) => (Number.isInteger(value) ? format.compact(value) : ''));

/**
 * A chart that fits its place, follows the theme, and has a line of text for what is pointed at.
 * @param {string} label what it shows, for those who do not see it
 */
class Chart {
  constructor(label, height, hint) {
    this.height = height;
    this.hint = hint;
    this.plotAt = h('div', {class: 'plot', role: 'img', 'aria-label': label});
    this.readout = h('p', {class: 'readout', 'aria-hidden': 'true'}, hint);
    this.element = h('div', {class: 'chart'}, this.readout, this.plotAt);
    this.plot = null;
    this.seen = new ResizeObserver(() => this.#fit());
    this.seen.observe(this.plotAt);
    // Paths too: they keep the colours that they were made with.
    this.onTheme = () => this.plot?.redraw(true, true);
    document.addEventListener('tally:theme', this.onTheme);
  }

  label(text) {
    this.plotAt.setAttribute('aria-label', text);
  }

  /** @param draw what is drawn over the series */
  show(options, data, draw = []) {
    this.plot?.destroy();
    this.plot = new uPlot(
      {
        width: Math.max(200, this.plotAt.clientWidth),
        height: this.height,
        tzDate: UTC,
        legend: {show: false},
        padding: [10, 20, 0, 0],
        cursor: {y: false, drag: {x: false, y: false}, points: {size: 7}},
        hooks: {setCursor: [(u) => this.#read(u)], draw},
        ...options,
      },
      data,
      this.plotAt,
    );
  }

  /** What is at a point, in words; empty where there is nothing. */
  pointed() {
    return '';
  }

  #read(u) {
    const i = u.cursor.idx;
    put(this.readout, (i === null || i === undefined ? '' : this.pointed(i)) || this.hint);
  }

  #fit() {
    const width = this.plotAt.clientWidth;
    if (this.plot && width > 0 && width !== this.plot.width) {
      this.plot.setSize({width, height: this.height});
    }
  }

  end() {
    this.seen.disconnect();
    document.removeEventListener('tally:theme', this.onTheme);
    this.plot?.destroy();
  }
}

/** Use by day, as bars; the last one is today's and still grows. */
export class DayBars extends Chart {
  constructor(meter) {
    super(`${meter} by day`, 250, '');
    this.meter = meter;
  }

  /** @param {{day: string, used: number|bigint}[]} rows oldest first */
  update(rows, limit) {
    const at = rows.map((row) => Date.parse(row.day) / 1000);
    const used = rows.map((row) => Number(row.used));
    const highest = Math.max(1, ...used);
    const peak = rows[used.indexOf(Math.max(...used))];
    const shown = limit !== null && limit !== undefined && Number(limit) <= highest * 1.6 ? Number(limit) : null;
    this.hint = `Highest: ${format.number(peak.used)} on ${format.day(peak.day)}${shown === null ? '' : `; dashed: the limit of ${format.number(shown)}`}`;
    put(this.readout, this.hint);
    this.label(`${this.meter} by day from ${format.day(rows[0].day)} to ${format.day(rows.at(-1).day)}. ${this.hint}.`);
    this.rows = rows;
    const data = [at, used];
    if (this.plot && this.plot.data[0].length === at.length && this.limit === shown) {
      this.plot.setData(data);
      return;
    }
    this.limit = shown;
    const last = at.length - 1;
    this.show(
      {
        scales: {
          x: {range: [at[0] - 43_200, at[last] + 43_200]},
          y: {range: (u, low, high) => [0, Math.max(1, high, shown ?? 0) * 1.08]},
        },
        axes: axes(amounts, days),
        series: [
          {},
          {
            width: 0,
            fill: () => colour('--accent'),
            paths: uPlot.paths.bars({size: [0.72, 28], radius: [0.22, 0]}),
            points: {show: false},
          },
        ],
      },
      data,
      shown === null ? [] : [(u) => line(u, shown, '--warn')],
    );
  }

  pointed(i) {
    const row = this.rows[i];
    return row ? `${format.dayLong(row.day)}: ${format.number(row.used)}` : '';
  }
}

/** A dashed line across, such as a limit. */
function line(u, value, name) {
  const {ctx} = u;
  const y = Math.round(u.valToPos(value, 'y', true));
  ctx.save();
  ctx.strokeStyle = colour(name);
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(u.bbox.left, y);
  ctx.lineTo(u.bbox.left + u.bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** What is left of a pool over its period: as it was, at an even pace, and as it goes on. */
export class BurnDown extends Chart {
  constructor() {
    super('What is left of the pool', 260, '');
  }

  /** @param {object} burn as `burnDown` of pool.js computes it */
  update(burn, meter) {
    this.label(`${meter} left in the pool from ${format.day(burn.start * 1e3)} to ${format.day(burn.end * 1e3)}, with a projection. The table has its figures.`);
    this.burn = burn;
    const columns = [burn.at, burn.left, burn.projected, burn.even];
    if (this.plot && this.plot.data[0].length === burn.at.length && this.start === burn.start) {
      this.plot.setData(columns);
      return;
    }
    this.start = burn.start;
    this.show(
      {
        scales: {
          x: {range: [burn.start, burn.end]},
          y: {range: (u, low, high) => [Math.min(0, low * 1.08), Math.max(1, high) * 1.06]},
        },
        axes: axes(amounts, days),
        series: [
          {},
          {stroke: () => colour('--accent'), width: 2.5, fill: () => colour('--accent', 0.14), points: {show: false}, spanGaps: true},
          {stroke: () => colour('--warn'), width: 2, dash: [6, 5], points: {show: false}, spanGaps: true},
          {stroke: () => colour('--ink-3'), width: 1.5, dash: [2, 5], points: {show: false}, spanGaps: true},
        ],
      },
      columns,
      [(u) => line(u, 0, '--line-2')],
    );
  }

  pointed(i) {
    const left = this.burn.left[i] ?? null;
    const value = left ?? this.burn.projected[i] ?? null;
    return value === null
      ? ''
      : `${format.minute(this.burn.at[i] * 1e3)}: ${format.number(Math.round(value))} left${left === null ? ', at this pace' : ''}`;
  }
}

/** The same figures as a table that opens. */
export function figures(caption, heads, rows) {
  return h('details', {class: 'figures'},
    h('summary', {}, 'Show as a table'),
    h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption},
      h('table', {},
        h('caption', {class: 'hidden'}, caption),
        h('thead', {}, h('tr', {}, heads.map((head, i) => h('th', {scope: 'col', class: i ? 'num' : null}, head)))),
        h('tbody', {}, rows.map((row) =>
          h('tr', {}, row.map((cell, i) => (i ? h('td', {class: 'num'}, cell) : h('th', {scope: 'row'}, cell)))))))));
}
