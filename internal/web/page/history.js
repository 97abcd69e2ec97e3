// History: a day, 31 days, 13 months. Above zero: where power came from. Below: where it went.
import { h, text, power, kwh, percent, num, clock, onAxis, date as dateText, swatch, notice, css } from './lib.js';

const up = [
  ['solar', 'Solar', 'Solar'],
  ['discharged', 'Battery, discharged', 'Battery'],
  ['import', 'Grid, imported', 'Grid'],
];
const down = [
  ['house', 'House', 'House'],
  ['charged', 'Battery, charged', 'Battery'],
  ['export', 'Grid, exported', 'Grid'],
];
const colour = {
  solar: 'solar',
  house: 'house',
  import: 'import',
  export: 'export',
  charged: 'battery',
  discharged: 'battery',
  total: 'solar',
};
const all = [...up, ...down].map(x => x[0]);

let lib;
const uplot = () =>
  (lib ??= new Promise((ok, fail) => {
    const sheet = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'vendor/uPlot.min.css' });
    const script = Object.assign(document.createElement('script'), {
      src: 'vendor/uPlot.iife.min.js',
      onload: () => ok(window.uPlot),
      onerror: fail,
    });
    document.head.append(sheet, script);
  }));

const split = d => ({
  solar: d.solar,
  house: d.house,
  start: d.start,
  discharged: d.battery.map(v => (v == null ? null : Math.max(0, v))),
  charged: d.battery.map(v => (v == null ? null : Math.max(0, -v))),
  import: d.grid.map(v => (v == null ? null : Math.max(0, v))),
  export: d.grid.map(v => (v == null ? null : Math.max(0, -v))),
});

// stacked returns the outlines, outermost first, so that inner layers cover outer ones.
function stacked(v, n, any) {
  const out = [];
  for (const [side, sign] of [
    [up, 1],
    [down, -1],
  ])
    for (let k = side.length - 1; k >= 0; k--)
      out.push({
        key: side[k][0],
        values: Array.from({ length: n }, (_, i) =>
          !any(i) ? null : sign * side.slice(0, k + 1).reduce((a, [key]) => a + (v[key][i] ?? 0), 0),
        ),
      });
  return out;
}

// readout is the legend: energies of the period, or the values at the crosshair.
function readout(level, total) {
  const when = h('p', { class: 'when' }),
    dd = {};
  const group = (title, list, kind) =>
    h(
      'div',
      { class: kind },
      h('h3', null, title),
      h(
        'dl',
        null,
        list.map(([k, n]) => h('div', null, h('dt', null, swatch(colour[k] ?? 'battery'), n), (dd[k] = h('dd')))),
      ),
    );
  const el = h(
    'div',
    { class: 'read' },
    group(
      'Comes from',
      up.map(([k, , n]) => [k, n]),
    ),
    group(
      'Goes to',
      down.map(([k, , n]) => [k, n]),
    ),
    level && group('Stored', [['soc', 'Battery level']], 'level'),
    total && group('All gateways', [['total', 'Solar']]),
  );
  return {
    nodes: [when, el],
    show(label, values) {
      text(when, label);
      for (const k in dd) text(dd[k], values[k] ?? '–');
    },
  };
}

// zeroLine draws the axis between what comes and what goes.
function zeroLine(u) {
  const { ctx, bbox: b } = u,
    y = Math.round(u.valToPos(0, 'y', true));
  ctx.strokeStyle = css('ink');
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(b.left, y);
  ctx.lineTo(b.left + b.width, y);
  ctx.stroke();
}

const axes = (tick, size) => {
  const font = '12px system-ui, sans-serif',
    base = { font, stroke: css('muted'), ticks: { show: false } };
  return [
    { ...base, grid: { show: false }, size: 24, gap: 4, space: 56, ...tick },
    { ...base, grid: { stroke: css('line'), width: 1 }, size: 46, gap: 6, space: 34, ...size },
  ];
};

// keys makes a plot usable by keyboard and screen reader: a slider over its points.
function keys(el, label, count, describe, move, open) {
  let at = -1;
  const go = i => {
    at = Math.max(0, Math.min(count() - 1, i));
    el.setAttribute('aria-valuenow', at);
    el.setAttribute('aria-valuetext', describe(at));
    move(at);
  };
  for (const [k, v] of Object.entries({
    tabindex: 0,
    role: 'slider',
    'aria-label': label,
    'aria-valuemin': 0,
    'aria-valuemax': count() - 1,
    'aria-valuenow': 0,
    'aria-valuetext': 'Use the arrow keys to read values',
  }))
    el.setAttribute(k, v);
  el.addEventListener('keydown', e => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[e.key];
    if (step) go((at < 0 ? count() >> 1 : at) + step * (count() > 200 ? 5 : 1));
    else if (e.key === 'Home') go(0);
    else if (e.key === 'End') go(count() - 1);
    else if (e.key === 'Escape') {
      at = -1;
      move(null);
    } else if (e.key === 'Enter' && open && at >= 0) open(at);
    else return;
    e.preventDefault();
  });
}

const csv = (data, period, date) =>
  h('a', { href: 'api/history?' + data.query({ period, format: 'csv', ...(date && { date }) }), download: '' }, 'CSV');
const table = (caption, head, lines) =>
  h(
    'details',
    null,
    h('summary', null, 'Show as table'),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
      h(
        'table',
        null,
        h('caption', null, caption),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            head.map(t => h('th', { scope: 'col' }, t)),
          ),
        ),
        h(
          'tbody',
          null,
          lines.map(([a, ...l]) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row' }, a),
              l.map(t => h('td', null, t)),
            ),
          ),
        ),
      ),
    ),
  );
const bar = (part, right) =>
  h(
    'div',
    { class: 'bar' },
    h(
      'nav',
      { class: 'seg', 'aria-label': 'Period' },
      [
        ['', 'Day'],
        ['/days', '31 days'],
        ['/months', '13 months'],
      ].map(([to, name]) =>
        h('a', { href: '#/history' + to, 'aria-current': (part ?? '') === to.slice(1) && 'true' }, name),
      ),
    ),
    right,
  );

export async function historyScreen(data, [part, pick]) {
  const several = part === 'days' || part === 'months';
  const load = gateway => (several ? data.days(part, gateway) : data.day(part === 'day' ? pick : '', gateway));
  const [uPlot, loaded, sum] = await Promise.all([
    uplot(),
    load(),
    data.several() ? load('all').catch(() => null) : null,
  ]);
  return several ? bars(uPlot, data, part, loaded, sum) : dayView(uPlot, data, loaded, sum);
}

function dayView(uPlot, data, d, sum) {
  const v = split(d),
    date = d.date,
    start = d.start,
    n = d.n,
    last = d.now ? Math.min(n - 1, Math.floor((d.now - start) / d.step)) : n - 1,
    day = new Date(date + 'T12:00'),
    isToday = !!d.now;
  const e = d.energies ?? {},
    any = i => ['solar', 'house', 'grid', 'battery'].some(k => d[k][i] != null);
  const xs = Array.from({ length: n }, (_, i) => start + i * d.step),
    layers = stacked(v, n, any);
  const at = (i, dir) => {
    const t = new Date(day);
    t.setDate(t.getDate() + dir);
    return `#/history/day/${t.getFullYear()}-${String(t.getMonth() + 1).padStart(2, '0')}-${String(t.getDate()).padStart(2, '0')}`;
  };
  const right = h(
    'div',
    { class: 'pick' },
    h(
      'button',
      { 'aria-label': 'Previous day', onclick: () => (location.hash = at(0, -1)) },
      h('span', { 'aria-hidden': 'true' }, '‹'),
    ),
    h('input', {
      type: 'date',
      'aria-label': 'Day',
      value: date,
      max: isToday ? date : null,
      onchange: ev => ev.target.value && (location.hash = `#/history/day/${ev.target.value}`),
    }),
    h(
      'button',
      { 'aria-label': 'Next day', disabled: isToday, onclick: () => (location.hash = at(0, 1)) },
      h('span', { 'aria-hidden': 'true' }, '›'),
    ),
    h('button', { class: 'wide', disabled: isToday, onclick: () => (location.hash = '#/history') }, 'Today'),
  );
  const r = readout(d.hasBattery || d.soc.some(x => x != null), sum),
    totals = () =>
      r.show(isToday ? `Energy today until ${clock(new Date((d.now ?? d.end) * 1000))}` : 'Energy of the day', {
        ...Object.fromEntries(all.map(k => [k, kwh(e[k])])),
        soc: percent(d.soc.findLast(x => x != null)),
        total: kwh(sum?.energies?.solar),
      });
  const point = i =>
    !any(i)
      ? {}
      : {
          ...Object.fromEntries(all.map(k => [k, power(v[k][i])])),
          soc: percent(d.soc[i]),
          total: sum && power(sum.solar[Math.floor((xs[i] - start) / sum.step)]),
        };
  const read = i =>
    i == null
      ? totals()
      : r.show(
          `At ${clock(new Date(xs[i] * 1000))}${any(i) ? '' : i > last ? ', not yet measured' : ', no reading'}`,
          point(i),
        );
  const main = h('div', { class: 'plot' }),
    level = h('div', { class: 'plot', 'aria-hidden': 'true' });
  const gapText = i => clock(new Date(xs[i] * 1000)),
    gaps = [];
  for (let i = 0; i < last; i++)
    if (!any(i)) {
      let j = i;
      while (j < last - 1 && !any(j + 1)) j++;
      if ((j - i + 1) * d.step >= 300) gaps.push([i, j]);
      i = j;
    }
  const an = Math.round(3600 / d.step),
    hours = Array.from({ length: Math.ceil(n / an) }, (_, hr) => {
      const f = a => {
        const x = a.slice(hr * an, hr * an + an).filter(q => q != null);
        return x.length ? num((x.reduce((p, q) => p + q, 0) * d.step) / 3600000, 2) : '–';
      };
      return [clock(new Date(xs[hr * an] * 1000)), ...all.map(k => f(v[k]))];
    });
  const plotPanel = h(
    'section',
    { class: 'panel' },
    h('header', null, h('h2', null, dateText(day, true)), csv(data, 'day', date)),
    r.nodes,
    main,
    level,
    gaps.length > 0 &&
      h(
        'p',
        { class: 'small muted' },
        `No reading ${gaps.map(([a, b]) => `${gapText(a)} to ${gapText(b)}`).join(', ')}.`,
      ),
  );
  const tablePanel = h(
    'section',
    { class: 'panel' },
    table('Energy of each hour in kWh', ['Hour', ...[...up, ...down].map(x => x[1])], hours),
  );
  totals();
  const hasLevel = d.soc.some(x => x != null);
  let plots = [],
    idx = null;
  const draw = () => {
    plots.forEach(p => p.destroy());
    const sync = uPlot.sync('day'),
      width = main.clientWidth,
      tall = Math.max(260, Math.min(400, innerHeight * 0.46));
    const night = u => {
      const { ctx, bbox: b } = u,
        px = t => Math.round(u.valToPos(t, 'x', true)),
        x = i => px(start + i * d.step);
      ctx.fillStyle = css('night');
      if (d.light) {
        ctx.fillRect(b.left, b.top, Math.max(0, px(d.light[0]) - b.left), b.height);
        ctx.fillRect(px(d.light[1]), b.top, Math.max(0, b.left + b.width - px(d.light[1])), b.height);
      }
      ctx.strokeStyle = css('edge');
      ctx.lineWidth = devicePixelRatio;
      for (const [f, t] of gaps) {
        ctx.save();
        ctx.beginPath();
        ctx.rect(x(f), b.top, Math.max(2, x(t) - x(f)), b.height);
        ctx.clip();
        ctx.globalAlpha = 0.5;
        ctx.beginPath();
        for (let q = x(f) - b.height; q < x(t); q += 6 * devicePixelRatio) {
          ctx.moveTo(q, b.top + b.height);
          ctx.lineTo(q + b.height, b.top);
        }
        ctx.stroke();
        ctx.restore();
      }
    };
    const marks = u => {
      const { ctx, bbox: b } = u;
      zeroLine(u);
      if (d.now) {
        const x = u.valToPos(d.now, 'x', true);
        ctx.strokeStyle = css('edge');
        ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
        ctx.beginPath();
        ctx.moveTo(x, b.top);
        ctx.lineTo(x, b.top + b.height);
        ctx.stroke();
        ctx.setLineDash([]);
      }
    };
    const scales = { x: { time: true, range: [start, d.end] } },
      cursor = { sync: { key: sync.key }, y: false, points: { show: false }, drag: { x: false, y: false } };
    const fmt = (u, t) => t.map(x => onAxis(clock(new Date(x * 1000))));
    const big = new uPlot(
      {
        width,
        height: tall,
        scales: { ...scales, y: { range: (u, a, b) => [Math.min(-2000, a * 1.06), Math.max(2000, b * 1.06)] } },
        padding: [10, 20, 0, 0],
        legend: { show: false },
        cursor,
        axes: axes(
          { values: fmt, incrs: [10800, 21600] },
          { values: (u, t) => t.map(x => (x === 0 ? '0' : `${num(Math.abs(x) / 1000)} kW`)) },
        ),
        series: [
          {},
          ...layers.map(l => ({ fill: css(colour[l.key]), width: 0, points: { show: false }, spanGaps: false })),
        ],
        hooks: {
          drawClear: [night],
          draw: [marks],
          setCursor: [
            u => {
              idx = u.cursor.idx;
              read(u.cursor.left < 0 ? null : idx);
            },
          ],
        },
      },
      [xs, ...layers.map(l => l.values)],
      main,
    );
    const small = !hasLevel
      ? null
      : new uPlot(
          {
            width,
            height: 96,
            scales: { ...scales, y: { range: [0, 100] } },
            legend: { show: false },
            cursor,
            axes: axes({ show: false }, { values: (u, t) => t.map(x => `${x} %`), splits: () => [0, 50, 100] }),
            series: [{}, { stroke: css('battery'), width: 2, fill: css('battery') + '33', points: { show: false } }],
            padding: [8, 20, 8, 0],
            hooks: { drawClear: [night] },
          },
          [xs, d.soc],
          level,
        );
    plots = [big, small].filter(Boolean);
  };
  keys(
    main,
    'Power over the day',
    () => last + 1,
    i => {
      const p = point(i);
      return (
        `${clock(new Date(xs[i] * 1000))}: ` +
        (any(i) ? [...up, ...down].map(([k, n]) => `${n} ${p[k]}`).join(', ') : 'no reading')
      );
    },
    i => {
      const u = plots[0];
      i == null ? u.setCursor({ left: -10, top: -10 }) : u.setCursor({ left: u.valToPos(xs[i], 'x'), top: 10 });
    },
  );
  return screen([bar(undefined, right), plotPanel, tablePanel], draw, () => plots, main);
}

function bars(uPlot, data, part, list, sum) {
  const month = part === 'months',
    n = list.length,
    any = i => all.some(k => list[i][k] != null),
    v = Object.fromEntries(all.map(k => [k, list.map(x => x[k])])),
    layers = stacked(v, n, any);
  const add = x => (x.some(y => y != null) ? x.reduce((a, b) => a + (b ?? 0), 0) : null),
    whole = Object.fromEntries(all.map(k => [k, add(v[k])]));
  const name = (i, long) =>
    new Date(list[i].date + 'T12:00').toLocaleDateString(
      undefined,
      month
        ? { month: long ? 'long' : 'short', year: long ? 'numeric' : undefined }
        : { day: 'numeric', month: long ? 'long' : undefined, weekday: long ? 'long' : undefined },
    );
  const self = x => (x.house > 0 && x.import != null ? percent(Math.max(0, 100 * (1 - x.import / x.house))) : '–'),
    range = `${dateText(new Date(list[0].date + 'T12:00'))} to ${dateText(month ? new Date() : new Date(list[n - 1].date + 'T12:00'))}`;
  const r = readout(false, sum),
    totals = () =>
      r.show(`Energy in ${month ? '13 months' : '31 days'}`, {
        ...Object.fromEntries(all.map(k => [k, kwh(whole[k])])),
        total: sum && kwh(add(sum.map(x => x.solar))),
      });
  const point = i =>
    !any(i) ? {} : { ...Object.fromEntries(all.map(k => [k, kwh(v[k][i])])), total: sum && kwh(sum[i]?.solar) };
  const read = i =>
    i == null
      ? totals()
      : r.show(`${name(i, true)}${!any(i) ? ', no data' : `, self-sufficiency ${self(list[i])}`}`, point(i));
  const main = h('div', { class: 'plot' }),
    from = list.findIndex((_, i) => any(i)),
    missing = list.filter((_, i) => !any(i) && from >= 0 && i > from);
  const p = h(
    'section',
    { class: 'panel' },
    h('header', null, h('h2', null, range), csv(data, part)),
    r.nodes,
    main,
    (from < 0 || missing.length > 0) &&
      h(
        'p',
        { class: 'small muted' },
        from < 0
          ? 'No data yet: they are collected while envoy-mqtt runs.'
          : `No data ${month ? 'in' : 'on'} ${missing.map(x => (month ? new Date(x.date + 'T12:00').toLocaleDateString(undefined, { month: 'long' }) : dateText(new Date(x.date + 'T12:00')))).join(', ')}: envoy-mqtt did not run.`,
      ),
  );
  const t = h(
    'section',
    { class: 'panel' },
    table(
      'Energy in kWh',
      [month ? 'Month' : 'Day', ...[...up, ...down].map(x => x[1]), 'Self-sufficiency'],
      list
        .map((x, i) => [
          month ? name(i, true) : dateText(new Date(x.date + 'T12:00')),
          ...all.map(k => (x[k] == null ? '–' : num(x[k] / 1000, month ? 0 : 1))),
          self(x),
        ])
        .reverse(),
    ),
  );
  totals();
  let plots = [];
  const draw = () => {
    plots.forEach(p => p.destroy());
    const width = main.clientWidth,
      path = uPlot.paths.bars({ size: [0.72, 64] });
    const every = Math.ceil((n * (month ? 44 : 30)) / (width - 60));
    const u = new uPlot(
      {
        width,
        height: Math.max(280, Math.min(420, innerHeight * 0.5)),
        padding: [10, 8, 0, 0],
        legend: { show: false },
        scales: {
          x: { time: false, range: [-0.6, n - 0.4] },
          y: { range: (u, a, b) => [Math.min(-100, a * 1.06), Math.max(100, b * 1.06)] },
        },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        axes: axes(
          {
            splits: () => list.map((_, i) => i).filter(i => (n - 1 - i) % every === 0),
            values: (u, t) => t.map(i => name(i)),
          },
          { values: (u, t) => t.map(x => (x === 0 ? '0' : `${num(Math.abs(x) / 1000)}`)), label: undefined },
        ),
        series: [
          {},
          ...layers.map(l => ({ fill: css(colour[l.key]), width: 0, paths: path, points: { show: false } })),
        ],
        hooks: {
          draw: [zeroLine],
          setCursor: [u => read(u.cursor.left < 0 ? null : u.cursor.idx)],
        },
      },
      [list.map((_, i) => i), ...layers.map(l => l.values)],
      main,
    );
    plots = [u];
  };
  const open = month
    ? null
    : i => {
        location.hash = `#/history/day/${list[i].date}`;
      };
  if (open)
    main.addEventListener('click', () => {
      const i = plots[0].cursor.idx;
      if (i != null) open(i);
    });
  keys(
    main,
    month ? 'Energy of 13 months' : 'Energy of 31 days',
    () => n,
    i => {
      const q = point(i);
      return `${name(i, true)}: ` + (any(i) ? [...up, ...down].map(([k, m]) => `${m} ${q[k]}`).join(', ') : 'no data');
    },
    i => {
      const u = plots[0];
      i == null ? u.setCursor({ left: -10, top: -10 }) : u.setCursor({ left: u.valToPos(i, 'x'), top: 10 });
    },
    open,
  );
  return screen(
    [
      bar(part, h('span', { class: 'small muted' }, month ? 'kWh a month' : 'kWh a day; select a day to open it')),
      p,
      t,
    ],
    draw,
    () => plots,
    main,
  );
}

function screen(nodes, draw, plots, box) {
  const dark = matchMedia('(prefers-color-scheme: dark)'),
    again = () => draw();
  let width = 0;
  const size = new ResizeObserver(() => {
    if (box.clientWidth && box.clientWidth !== width) {
      width = box.clientWidth;
      draw();
    }
  });
  return {
    title: 'History',
    nodes: [h('h1', { class: 'sr' }, 'History'), ...nodes],
    opened() {
      size.observe(box);
      dark.addEventListener('change', again);
    },
    close() {
      size.disconnect();
      dark.removeEventListener('change', again);
      plots().forEach(p => p.destroy());
    },
  };
}
