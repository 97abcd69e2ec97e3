// Now: what happens this second, and what today added up to.
import {
  h,
  s,
  text,
  attr,
  power,
  watts,
  kwh,
  percent,
  num,
  ago,
  clock,
  onAxis,
  gridWord,
  batteryWord,
  icons,
  notice,
  swatch,
  panel,
} from './lib.js';

let full = 10000; // W at which a wire has its full width: the highest power of the last 31 days

// place of each card, and the wire from it to the hub at 180,164
const places = {
  solar: { name: 'Solar', x: 112, y: 1, w: 136, wire: [180, 81, 180, 157] },
  grid: { name: 'Grid', x: 1, y: 124, wire: [121, 164, 173, 164] },
  house: { name: 'House', x: 239, y: 124, wire: [239, 164, 187, 164] },
  battery: { name: 'Battery', x: 112, y: 247, w: 136, wire: [180, 247, 180, 171] },
};

// isGone reports whether there is no value to display, not even an old one.
const isGone = late => !!late && late.kind !== 'stale' && late.kind !== 'disconnected';

function node(id) {
  const p = { w: 120, ...places[id] },
    [x1, y1, x2, y2] = p.wire;
  const wire = s('path', { class: 'wire', d: `M${x1} ${y1}L${x2} ${y2}` }),
    dots = s('path', { class: 'dots' }),
    arrow = s('path', { class: 'arrow', d: 'M-4.5-6 6 0-4.5 6z' });
  const value = s('text', { class: 'value', x: p.x + 12, y: p.y + 46 }),
    word = s('text', { class: 'word', x: p.x + 12, y: p.y + 66 }),
    level = id === 'battery' && s('text', { class: 'name', x: p.x + p.w - 12, y: p.y + 22, 'text-anchor': 'end' });
  const soc = id === 'battery' && s('rect', { class: 'soc', x: p.x + 12, y: p.y + 73, height: 3, rx: 1.5, width: 0 });
  const back = s('g', { class: id }, wire, dots, arrow);
  const front = s(
    'g',
    { class: id },
    s('rect', { class: 'card', x: p.x, y: p.y, width: p.w, height: 80, rx: 12 }),
    s('path', { class: 'icon', d: icons[id], transform: `translate(${p.x + 12} ${p.y + 9})` }),
    s('text', { class: 'name', x: p.x + 33, y: p.y + 22 }, p.name),
    value,
    word,
    level,
    soc && [s('rect', { class: 'soc-back', x: p.x + 12, y: p.y + 73, height: 3, rx: 1.5, width: p.w - 24 }), soc],
  );
  let speed = 0,
    offset = 0;
  return {
    back,
    front,
    move() {
      if (speed) dots.setAttribute('stroke-dashoffset', (offset = (offset - speed) % 20));
    },
    // toHub: true if the power flows from the card to the hub
    show(w, colour, toHub, words, charge, late) {
      text(value, power(w));
      text(word, late ? late : words);
      if (level) text(level, charge == null ? '' : percent(charge));
      if (soc) attr(soc, 'width', ((p.w - 24) * (charge ?? 0)) / 100);
      const abs = Math.abs(w ?? 0),
        rest = abs < 5;
      attr(back, 'class', `${colour}${rest ? ' rest' : ''}`);
      attr(front, 'class', soc && charge == null ? `${colour} no-level` : colour);
      attr(wire, 'stroke-width', rest ? 2 : (2.5 + 11 * Math.min(1, abs / full)).toFixed(1));
      const [a, b, c, d] = toHub ? [x1, y1, x2, y2] : [x2, y2, x1, y1];
      attr(dots, 'd', `M${a} ${b}L${c} ${d}`);
      attr(dots, 'stroke-width', (3.5 + 8 * Math.min(1, abs / full)).toFixed(1));
      speed = late || rest ? 0 : abs > 3000 ? 2 : abs < 300 ? 0.5 : 1;
      attr(
        arrow,
        'transform',
        `translate(${(a + c) / 2} ${(b + d) / 2}) rotate(${(Math.atan2(d - b, c - a) * 180) / Math.PI}) scale(${(0.9 + 0.7 * Math.min(1, abs / full)).toFixed(2)})`,
      );
    },
  };
}

function flow(r) {
  const ids = Object.keys(places).filter(id => r[id] != null),
    nodes = Object.fromEntries(ids.map(id => [id, node(id)]));
  const sum = s('title', { id: 'flow-title' }, 'Power flow'),
    desc = s('desc', { id: 'flow-desc' });
  const bare = ids.length === 1,
    height = r.battery != null ? 328 : bare && r.solar != null ? 176 : 206;
  const svg = s(
    'svg',
    { viewBox: `0 0 360 ${height}`, role: 'img', 'aria-labelledby': 'flow-title flow-desc' },
    sum,
    desc,
    ids.map(id => nodes[id].back),
    s('circle', { class: 'hub', cx: 180, cy: 164, r: 7 }),
    ids.map(id => nodes[id].front),
  );
  const el = h('section', { class: 'panel flow', 'aria-label': 'Power flow' }, svg);
  // A timer at 12 frames a second costs less than half of a CSS animation, which repaints at 60.
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const timer = setInterval(() => {
    if (!document.hidden && !still.matches) for (const id of ids) nodes[id].move();
  }, 80);
  return {
    el,
    close() {
      clearInterval(timer);
    },
    update(r, late) {
      el.classList.toggle('late', !!late);
      const gone = isGone(late),
        v = x => (gone ? null : x),
        old = late && (gone ? 'no reading' : `${ago(late.age)} ago`);
      full = r.full || full;
      nodes.solar?.show(v(r.solar), 'solar', true, r.solar > 5 ? 'producing' : 'not producing', null, old);
      nodes.house?.show(v(r.house), 'house', false, 'using', null, old);
      nodes.grid?.show(v(r.grid), r.grid > 0 ? 'import' : 'export', r.grid > 0, gridWord(r.grid), null, old);
      nodes.battery?.show(v(r.battery), 'battery', r.battery > 0, batteryWord(r.battery), v(r.soc), old);
      text(
        desc,
        late
          ? 'No current reading.'
          : [
              r.solar != null && `Solar: ${power(r.solar)}.`,
              r.house != null && `House: using ${power(r.house)}.`,
              r.grid != null && `Grid: ${gridWord(r.grid)} ${power(r.grid)}.`,
              r.battery != null &&
                `Battery: ${batteryWord(r.battery)} ${power(r.battery)}${r.soc == null ? '' : `, ${percent(r.soc)} charged`}.`,
            ]
              .filter(Boolean)
              .join(' '),
      );
    },
  };
}

function todayPanel(r) {
  const list = [
    ['solar', 'solar', 'Produced'],
    ['house', 'house', 'Used'],
    ['export', 'export', 'Exported'],
    ['import', 'import', 'Imported'],
    ['charged', 'battery', 'Charged'],
    ['discharged', 'battery', 'Discharged'],
  ].filter(([k]) => r.today[k] != null);
  const out = {},
    dl = h(
      'dl',
      { class: 'energies' },
      list.map(([k, c, name]) => h('div', null, h('dt', null, swatch(c), name), (out[k] = h('dd')))),
    );
  const ratio = (name, why) => {
    const b = h('b'),
      bar = s('rect', { height: 6, width: 0 });
    return {
      el: h(
        'div',
        { class: 'ratio' },
        h('span', null, name),
        b,
        s('svg', { viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, bar),
        h('small', null, why),
      ),
      show(part, whole) {
        const v = whole > 0 ? Math.max(0, Math.min(100, 100 * (1 - part / whole))) : null;
        text(b, percent(v));
        attr(bar, 'width', (v ?? 0).toFixed(1));
      },
    };
  };
  const full = r.today.import != null && r.today.house != null,
    about = r.today.approximate ? ' (approximate: the battery was charged from the grid)' : '',
    own = full && ratio('Self-consumption', 'of the production stayed in the house' + about),
    self = full && ratio('Self-sufficiency', 'of the use was not imported' + about);
  const until = h('span', { class: 'small muted' }),
    el = panel('Today', until, dl, full && h('div', { class: 'ratios' }, own.el, self.el));
  el.classList.add('today');
  return {
    el,
    update({ today: e, time }, late) {
      if (!e) return;
      text(until, late ? `until ${clock(new Date(time))}` : '');
      for (const [k] of list) text(out[k], kwh(e[k]));
      if (full) {
        own.show(e.export, e.solar);
        self.show(e.import, e.house);
      }
    },
  };
}

function phasesPanel(r) {
  const one = r.phases.length === 1,
    has = k => r.phases.some(p => p[k] != null),
    lines = [
      has('grid') && ['Grid', p => [watts(p.grid), gridWord(p.grid)]],
      !one && has('solar') && ['Solar', p => [watts(p.solar)]],
      !one && has('house') && ['House', p => [watts(p.house)]],
      !one && has('battery') && ['Battery', p => [watts(p.battery), batteryWord(p.battery)]],
      has('volts') && ['Voltage', p => [p.volts == null ? '–' : `${num(p.volts, 1)} V`]],
      has('amps') && ['Current', p => [p.amps == null ? '–' : `${num(Math.abs(p.amps), 1)} A`]],
      has('pf') && ['Power factor', p => [p.pf == null ? '–' : num(Math.abs(p.pf), 2)]],
    ].filter(Boolean),
    cells = [];
  if (!lines.length) return null;
  const body = h(
    'tbody',
    null,
    lines.map(([name, f]) =>
      h(
        'tr',
        null,
        h('th', { scope: 'row' }, name),
        r.phases.map((p, i) => {
          const a = document.createTextNode(''),
            b = f(p).length > 1 && h('small');
          cells.push((r, gone) => {
            if (!r.phases[i]) return;
            const [x, y] = f(r.phases[i]);
            text(a, gone ? '–' : x);
            if (b) text(b, gone ? '' : y);
          });
          return h('td', null, b, a);
        }),
      ),
    ),
  );
  const el = h(
    'section',
    { class: 'panel phases' },
    h(
      'details',
      { open: matchMedia('(min-width: 960px)').matches },
      h(
        'summary',
        null,
        h('h2', { class: 'sr' }, one ? 'Grid connection' : 'Phases'),
        one ? 'Grid connection' : `${r.phases.length} phases`,
      ),
      h(
        'table',
        null,
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h(
              'td',
              null,
              h('span', { class: 'muted small' }, r.grid == null ? 'At the production meter' : 'At the grid meter'),
            ),
            r.phases.map(p => h('th', { scope: 'col' }, p.name)),
          ),
        ),
        body,
      ),
    ),
  );
  return {
    el,
    update(r, late) {
      el.classList.toggle('late', !!late);
      const gone = isGone(late);
      for (const c of cells) c(r, gone);
    },
  };
}

// strip is the day in 110 px: no axis to read off, the History screen has it.
function strip(d) {
  const step = Math.max(1, Math.round(300 / d.step)),
    n = Math.ceil(d.n / step),
    mean = k =>
      Array.from({ length: n }, (_, i) => {
        const v = d[k].slice(i * step, i * step + step).filter(x => x != null);
        return v.length ? v.reduce((a, b) => a + b) / v.length : null;
      });
  const solar = mean('solar'),
    house = mean('house'),
    top = Math.max(100, ...solar, ...house) * 1.08,
    y = v => (100 - (100 * v) / top).toFixed(1),
    at = t => (t - d.start) / d.step / step;
  const pieces = (v, close) => {
    let out = '',
      from = -1;
    for (let i = 0; i <= n; i++) {
      if (v[i] != null && from < 0) {
        from = i;
        out += `M${i} ${close ? 100 : y(v[i])}`;
      }
      if (v[i] != null) out += `L${i} ${y(v[i])}`;
      else if (from >= 0) {
        if (close) out += `L${i - 1} 100z`;
        from = -1;
      }
    }
    return out;
  };
  const el = panel(
    'Today so far',
    h(
      'div',
      { class: 'key' },
      h('span', null, swatch('solar'), 'Solar'),
      house.some(v => v != null) && h('span', null, swatch('house'), 'House'),
      h('span', null, `5-minute average up to ${power(top / 1.08)}`),
      h('a', { href: '#/history' }, 'Open the day'),
    ),
    s(
      'svg',
      {
        viewBox: `0 0 ${n} 100`,
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': `Solar and house power today, 5-minute average up to ${power(top / 1.08)}`,
      },
      d.light && s('rect', { class: 'light', x: at(d.light[0]), width: at(d.light[1]) - at(d.light[0]), height: 100 }),
      s('path', { class: 'area', d: pieces(solar, true) }),
      s('path', { class: 'lineh', d: pieces(house) }),
      d.now && s('path', { class: 'nowline', d: `M${at(d.now)} 0V100` }),
    ),
    h(
      'div',
      { class: 'axis', 'aria-hidden': 'true' },
      [0, 1, 2, 3, 4].map(i => {
        const at = clock(new Date((d.start + (i * (d.end - d.start)) / 4) * 1000));
        return h('span', null, i === 4 && at === '00:00' ? '24:00' : onAxis(at));
      }),
    ),
  );
  el.classList.add('strip');
  return el;
}

// explain returns what to do about a late reading, or why values are missing.
function explain(r, late) {
  const health = h('a', { href: '#/health' }, 'Health');
  switch (late?.kind) {
    case 'offline':
      return notice(
        'alert',
        h('strong', null, 'The gateway does not answer.'),
        r.cause && h('code', null, r.cause),
        h('span', null, 'envoy-mqtt keeps trying. ', health),
      );
    case 'stale':
      return notice(
        'alert',
        h('strong', null, 'The values below are old.'),
        h('span', null, 'The gateway answers slowly or not at all. ', health),
      );
    case 'disconnected':
      return notice(
        'alert',
        h('strong', null, 'The page is not connected to envoy-mqtt.'),
        'It reconnects automatically. MQTT may still work.',
      );
    case 'new':
      return notice(
        '',
        h('strong', null, r?.serial ? `Connected to gateway ${r.serial}.` : 'The gateway has not been reached yet.'),
        r?.cause ? h('code', null, r.cause) : 'The first reading takes up to a minute on a slow gateway.',
      );
  }
  return r.grid == null && r.house == null && r.solar != null
    ? notice(
        '',
        h('strong', null, 'Only production is measured.'),
        'House, grid and self-sufficiency need a consumption CT. If one is installed, it may not be enabled in the gateway.',
      )
    : null;
}

// isMeasured reports whether there is a power to display.
const isMeasured = r => ['solar', 'grid', 'house'].some(k => r[k] != null);
const present = ['solar', 'house', 'grid', 'battery', 'phases', 'today'];
// shape identifies the set of measured values: cards and rows are built for it.
const shape = r =>
  JSON.stringify([
    present.map(k => r[k] != null),
    r.phases.map(p => Object.keys(p)),
    r.today && Object.values(r.today).map(v => v != null),
    r.today?.approximate,
  ]);

export function nowScreen(data) {
  const h1 = h('h1'),
    sub = h('p', { class: 'muted' }),
    hero = h('div', { class: 'hero' }, h1, sub),
    root = h('div', { class: 'now' }, hero);
  let parts = [],
    built,
    told,
    last,
    plot,
    closed;
  const build = r => {
    for (const p of parts) p.close?.();
    parts = [isMeasured(r) && flow(r), r.today && todayPanel(r), r.phases.length > 0 && phasesPanel(r)].filter(Boolean);
    arrange();
  };
  let note = null;
  const arrange = () =>
    root.replaceChildren(...[hero, note, ...parts.map(p => p.el), parts.length > 0 && plot].filter(Boolean));
  const loadPlot = async () => {
    try {
      plot = strip(await data.day());
    } catch {
      plot = null;
    }
    if (!closed) arrange();
  };
  const timer = setInterval(loadPlot, 60000);
  loadPlot();
  return {
    title: 'Now',
    nodes: [root],
    close() {
      closed = true;
      clearInterval(timer);
      for (const p of parts) p.close?.();
    },
    update(r, late) {
      if (r && !isMeasured(r) && late && last)
        r = { ...last, cause: r.cause }; // keep the cards, without values
      else if (r && isMeasured(r)) last = r;
      const id = r ? shape(r) : '',
        why = (late?.kind ?? '') + (r?.cause ?? '') + ['grid', 'house', 'solar'].map(k => r?.[k] == null);
      if (why !== told) {
        told = why;
        note = explain(r, late);
        arrange();
      }
      if (r && id !== built) {
        built = id;
        if (isMeasured(r) || r.today) build(r);
      }
      const word = r && gridWord(r.grid),
        what =
          !r || !isMeasured(r)
            ? ''
            : r.grid == null
              ? r.solar == null
                ? `Using ${power(r.house)}`
                : `Producing ${power(r.solar)}`
              : word === 'balanced'
                ? 'Grid balanced'
                : `${word === 'importing' ? 'Importing' : 'Exporting'} ${power(r.grid)}`;
      text(
        h1,
        !late
          ? what || (r?.asleep ? 'Inverters are asleep' : 'No power is measured')
          : {
              stale: 'No current reading',
              offline: 'Gateway offline',
              disconnected: 'Page disconnected',
              new: 'Waiting for a reading',
            }[late.kind],
      );
      text(
        sub,
        !late
          ? `Reading of ${clock(new Date(r.time), true)}, every ${num(r.every, r.every % 1 ? 1 : 0)} s`
          : late.kind === 'offline'
            ? `For ${ago(late.age)}. Values are omitted until it is back.`
            : late.kind === 'new'
              ? 'Nothing is shown until it is complete.'
              : late.age == null || !what
                ? ''
                : `Last reading ${ago(late.age)} ago: ${what[0].toLowerCase() + what.slice(1)}`,
      );
      if (r) for (const p of parts) p.update(r, late);
    },
  };
}
