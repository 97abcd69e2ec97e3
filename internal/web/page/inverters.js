// Inverters: each one against the median of the others, over the day.
import { h, s, num, kwh, percent, ago, clock, onAxis, batteryWord, notice, panel, css } from './lib.js';

const median = v => {
  const a = v.filter(x => x != null).sort((p, q) => p - q),
    n = a.length;
  return n ? (a[(n - 1) >> 1] + a[n >> 1]) / 2 : null;
};
const classes = [
  [-0.4, 'below-3', 'more than 40 % below'],
  [-0.15, 'below-2', '15 to 40 % below'],
  [-0.05, 'below-1', '5 to 15 % below'],
  [0.05, 'even', 'within 5 %'],
  [0.15, 'above-1', '5 to 15 % above'],
  [9, 'above-2', 'more above'],
];
const classOf = dev => classes.find(c => dev < c[0])[1];

export async function invertersScreen(data) {
  const doc = await data.load('inverters'),
    n = doc.inverters.length,
    batteries = doc.batteries.length > 0 && batteriesPanel(doc.batteries);
  if (!n)
    return {
      title: 'Inverters',
      nodes: [
        h('h1', null, 'Inverters'),
        notice(
          '',
          h('strong', null, 'No inverter has reported yet.'),
          'Inverters report every 5 to 15 minutes, and not at night.',
        ),
        batteries,
      ].filter(Boolean),
    };
  // The day is displayed from the first slot with a report on.
  const first = Math.max(
    0,
    Math.min(
      ...doc.inverters.map(x => {
        const i = x.power.findIndex(w => w != null);
        return i < 0 ? doc.known : i;
      }),
    ),
  );
  const end = Math.max(doc.known, Math.min(doc.slots, doc.slots - first)),
    hour = doc.step / 3600;
  const d = {
    slots: Math.max(1, end - first),
    until: Math.max(0, doc.known - 1 - first),
    list: doc.inverters.map(x => ({
      serial: x.serial,
      w: Array.from({ length: end - first }, (_, i) => x.power[first + i] ?? null),
      usual: Array.from({ length: end - first }, (_, i) => x.usual?.[first + i] ?? null),
    })),
  };
  const at = i => clock(new Date((doc.start + (first + i) * doc.step) * 1000));
  // An inverter that usually has 0.7 of the median is compared with 0.7 of it.
  const med = Array.from({ length: d.slots }, (_, i) => median(d.list.map(x => x.w[i]))),
    dark = m => m == null || m < 8; // too little light to compare
  // Inverters report at different times: the slot that has just begun is not yet complete.
  const until = Math.max(0, d.until - 1),
    lastSlot = med.findLastIndex((m, i) => i <= until && !dark(m));
  const list = d.list.map(x => {
    const energy = x.w.reduce((a, w) => a + (w ?? 0) * hour, 0),
      exp = med.map((m, i) => (m == null ? null : m * (x.usual[i] ?? 1)));
    let own = 0,
      ref = 0,
      lastSeen = -1;
    x.w.forEach((w, i) => {
      if (w != null) lastSeen = i;
      if (w != null && !dark(med[i])) {
        own += w;
        ref += exp[i];
      }
    });
    const silent = lastSlot >= 0 && lastSeen < lastSlot;
    return { ...x, exp, energy, dev: ref ? own / ref - 1 : null, silent, lastSeen };
  });
  const silent = list.filter(x => x.silent),
    low = x => x.w.filter((w, i) => w != null && !dark(med[i]) && w < x.exp[i] * 0.75).length,
    weak = list.filter(x => !x.silent && (x.dev < -0.1 || low(x) * hour >= 2.5));
  const total = list.reduce((a, x) => a + (x.w[until] ?? 0), 0),
    usual = doc.usual_days > 0 ? 'its usual power' : 'the median';
  const name = x => h('span', { class: 'mono' }, x.serial);
  const worst = [
    ...silent.map(x =>
      h(
        'li',
        null,
        h(
          'strong',
          null,
          name(x),
          x.lastSeen < 0 ? ' has not reported today' : ` is silent since ${at(x.lastSeen + 1)}`,
        ),
        h(
          'p',
          { class: 'small muted' },
          x.lastSeen < 0
            ? 'It may be without AC supply, or have lost the powerline connection.'
            : `Last report ${num(x.w[x.lastSeen])} W. Others report: no general outage.`,
        ),
      ),
    ),
    ...weak.map(x =>
      h(
        'li',
        null,
        name(x),
        x.dev < -0.1
          ? ` is ${percent(-100 * x.dev)} below ${usual} today`
          : ` was far below ${usual} for ${num(low(x) * hour, 1)} h`,
        h(
          'p',
          { class: 'small muted' },
          x.w[until] > x.exp[until] * 0.9
            ? 'Normal now: shade is likely.'
            : doc.usual_days > 0
              ? 'All day: dirt or a weak module.'
              : 'All day: dirt, a weak module or a different orientation.',
        ),
      ),
    ),
  ];

  const probe = h('p', { class: 'probe' }, 'Select an inverter for its curve.');
  const many = n > 30,
    body = h('tbody'),
    order = { by: 'dev' };
  const open = (x, tr) => {
    const was = tr.nextSibling?.classList?.contains('open');
    body.querySelector('.open')?.remove();
    for (const t of body.querySelectorAll('[aria-expanded=true]')) t.setAttribute('aria-expanded', 'false');
    if (was) return;
    tr.querySelector('button').setAttribute('aria-expanded', 'true');
    const top = Math.max(...x.exp, ...x.w) * 1.08 || 1,
      path = v => {
        let out = '',
          on = false;
        v.forEach((w, i) => {
          if (i > d.until) return;
          if (w == null) on = false;
          else {
            out += `${on ? 'L' : 'M'}${i} ${(100 - (100 * w) / top).toFixed(1)}`;
            on = true;
          }
        });
        return out;
      };
    tr.after(
      h(
        'tr',
        { class: 'open' },
        h('td'),
        h(
          'td',
          null,
          h(
            'div',
            { class: 'curve' },
            h(
              'p',
              { class: 'small' },
              x.silent
                ? x.lastSeen < 0
                  ? 'No report today'
                  : `Last report ${at(x.lastSeen)}`
                : x.w[until] == null
                  ? 'No power'
                  : `${num(x.w[until])} W at ${at(until)}, expected ${num(x.exp[until] ?? 0)} W`,
              `, highest ${num(Math.max(...x.w))} W, ${kwh(x.energy)} today`,
            ),
            s(
              'svg',
              {
                viewBox: `0 0 ${d.slots - 1} 100`,
                preserveAspectRatio: 'none',
                role: 'img',
                'aria-label': `Power of inverter ${x.serial} and the expected one over the day`,
              },
              s('path', { class: 'median', d: path(x.exp) }),
              s('path', { class: 'mine', d: path(x.w) }),
            ),
            h(
              'p',
              { class: 'key small' },
              h('span', null, h('span', { class: 'swatch solar' }), 'This inverter'),
              h('span', null, h('span', { class: 'swatch' }), 'Expected (dashed)'),
            ),
          ),
        ),
        h('td', { class: 'kwh' }),
        h('td'),
      ),
    );
  };
  const canvases = [];
  const row = x => {
    const canvas = h('canvas', { 'aria-hidden': 'true' });
    canvases.push([canvas, x]);
    const tr = h(
      'tr',
      { class: x.silent || x.dev < -0.15 ? 'bad' : null },
      h(
        'th',
        { scope: 'row' },
        h(
          'button',
          { 'aria-expanded': 'false', class: 'mono', onclick: () => open(x, tr) },
          h('span', { class: 'full' }, x.serial.slice(0, -5)),
          x.serial.slice(-5),
        ),
      ),
      h('td', { class: 'map' }, canvas),
      h('td', { class: 'kwh' }, kwh(x.energy)),
      h(
        'td',
        { class: 'dev' },
        x.silent
          ? 'silent'
          : x.dev == null
            ? '–'
            : Math.abs(x.dev) < 0.005
              ? 'equal'
              : `${num(Math.abs(100 * x.dev))} % ${x.dev < 0 ? 'below' : 'above'}`,
      ),
    );
    canvas.addEventListener('pointermove', e => {
      const b = canvas.getBoundingClientRect(),
        i = Math.floor(((e.clientX - b.left) / b.width) * d.slots),
        w = x.w[i];
      probe.textContent =
        `${x.serial}, ${at(i)}: ` +
        (i > d.until
          ? 'not yet measured'
          : w == null
            ? 'no report'
            : dark(med[i])
              ? `${num(w)} W`
              : `${num(w)} W, ${num(Math.abs(100 * (w / x.exp[i] - 1)))} % ${w < x.exp[i] ? 'below' : 'above'} the expected ${num(x.exp[i])} W`);
    });
    canvas.addEventListener('click', () => open(x, tr));
    return tr;
  };
  const fill = by => {
    canvases.length = 0;
    body.replaceChildren(
      ...[...list]
        .sort((a, b) =>
          by === 'serial' ? a.serial.localeCompare(b.serial) : b.silent - a.silent || (a.dev ?? 0) - (b.dev ?? 0),
        )
        .map(row),
    );
    paint();
  };
  function paint() {
    const colours = Object.fromEntries(classes.map(c => [c[1], css(c[1])])),
      alert = css('alert'),
      ratio = devicePixelRatio,
      tall = canvases[0]?.[0].clientHeight || 18;
    for (const [canvas, x] of canvases) {
      const w = canvas.clientWidth;
      if (!w) continue;
      canvas.width = w * ratio;
      canvas.height = tall * ratio;
      const c = canvas.getContext('2d');
      c.scale(ratio, ratio);
      const step = w / d.slots;
      x.w.forEach((v, i) => {
        const l = Math.round(i * step),
          r = Math.round((i + 1) * step) - (step > 6 ? 1 : 0);
        if (i > d.until || dark(med[i])) return;
        if (v == null) {
          c.save();
          c.beginPath();
          c.rect(l, 0, r - l, tall);
          c.clip();
          c.strokeStyle = alert;
          c.lineWidth = 1.2;
          for (let q = l - tall - ((l + tall) % 5); q < r; q += 5) {
            c.beginPath();
            c.moveTo(q, tall);
            c.lineTo(q + tall, 0);
            c.stroke();
          }
          c.restore();
          return;
        }
        c.fillStyle = colours[classOf(v / x.exp[i] - 1)];
        c.fillRect(l, 0, r - l, tall);
      });
    }
  }
  const sort = h(
    'select',
    { 'aria-label': 'Order', onchange: e => fill(e.target.value) },
    h('option', { value: 'dev' }, 'Lowest first'),
    h('option', { value: 'serial' }, 'By serial number'),
  );
  sort.classList.add('order');
  const hours = Array.from({ length: 5 }, (_, i) => onAxis(at(Math.round((i * (d.slots - 1)) / 4))));
  const map = panel(
    doc.usual_days > 0 ? 'Against the usual power' : 'Against the median',
    h(
      'div',
      { class: 'scale' },
      'below',
      [...classes.slice(0, 3), classes[3], ...classes.slice(4)].map(([, c, t]) => {
        const i = h('i', { title: t });
        i.style.setProperty('--c', `var(--${c})`);
        return i;
      }),
      'above',
      h('i', { class: 'gone' }),
      'silent',
    ),
    h('div', { class: 'bar map-tools' }, probe, sort),
    doc.usual_days < 7 &&
      h(
        'p',
        { class: 'small muted usual' },
        doc.usual_days > 0
          ? `Usual power of ${doc.usual_days} of 7 days. Until there are seven, roofs that face different ways can look weak.`
          : 'Each inverter is compared with the median of all until seven days have been collected. Roofs that face different ways can look weak.',
      ),
    h(
      'table',
      { class: `heat${many ? ' many' : ''}` },
      h('caption', { class: 'sr' }, 'Inverters, lowest first'),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, h('span', { class: 'full' }, 'Inverter')),
          h(
            'th',
            { scope: 'col' },
            h('span', { class: 'sr' }, 'Deviation over the day'),
            h(
              'div',
              { class: 'hours', 'aria-hidden': 'true' },
              hours.map(t => h('span', null, t)),
            ),
          ),
          h('th', { scope: 'col', class: 'kwh' }, 'Today'),
          h('th', { scope: 'col' }, 'Deviation'),
        ),
      ),
      body,
    ),
  );
  const theme = matchMedia('(prefers-color-scheme: dark)'),
    size = new ResizeObserver(paint);
  fill('dev');
  return {
    title: 'Inverters',
    nodes: [
      h(
        'div',
        { class: 'title' },
        h(
          'div',
          null,
          h('h1', null, silent.length ? `${n - silent.length} of ${n} inverters report` : `All ${n} inverters report`),
          h('p', null, `Total ${num(total / 1000, 2)} kW at ${at(until)}, ${num(doc.step / 60)}-minute average`),
        ),
      ),
      worst.length > 0 && panel('Check these inverters', null, h('ul', { class: 'list across' }, worst)),
      map,
      batteries,
    ].filter(Boolean),
    opened() {
      size.observe(map);
      theme.addEventListener('change', paint);
    },
    close() {
      size.disconnect();
      theme.removeEventListener('change', paint);
    },
  };
}

function batteriesPanel(list) {
  const none = '–',
    old = b => (b.age == null ? null : h('small', null, `${ago(b.age)} ago`));
  return panel(
    'Batteries',
    null,
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Batteries' },
      h(
        'table',
        null,
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ['Battery', 'Level', 'Power', '°C'].map(t => h('th', { scope: 'col' }, t)),
          ),
        ),
        h(
          'tbody',
          null,
          list.map(b =>
            h(
              'tr',
              null,
              h('th', { scope: 'row' }, h('span', { class: 'mono' }, b.serial)),
              h(
                'td',
                null,
                percent(b.level),
                b.level != null &&
                  s(
                    'svg',
                    { class: 'meter', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
                    s('rect', { width: b.level, height: 8 }),
                  ),
              ),
              h(
                'td',
                null,
                b.power == null ? none : `${num(Math.abs(b.power))} W`,
                b.power != null && h('small', null, batteryWord(b.power)),
              ),
              h('td', null, b.temperature == null ? none : num(b.temperature), old(b)),
            ),
          ),
        ),
      ),
    ),
  );
}
