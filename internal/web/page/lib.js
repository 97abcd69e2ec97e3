// Elements, icons and words that every screen uses.
const set = (el, attrs) => {
  for (const [k, v] of Object.entries(attrs ?? {})) {
    if (v == null || v === false) continue;
    if (k.startsWith('on')) el.addEventListener(k.slice(2), v);
    else el.setAttribute(k, v === true ? '' : v);
  }
  return el;
};
export const h = (tag, attrs, ...kids) => {
  const el = set(document.createElement(tag), attrs);
  el.append(...kids.flat(Infinity).filter(k => k != null && k !== false));
  return el;
};
export const s = (tag, attrs, ...kids) => {
  const el = set(document.createElementNS('http://www.w3.org/2000/svg', tag), attrs);
  el.append(...kids.flat(Infinity).filter(k => k != null && k !== false));
  return el;
};
// text changes a node only if it differs, so that an unchanged reading costs no layout.
export const text = (node, value) => {
  if (node.textContent !== value) node.textContent = value;
};
export const attr = (node, name, value) => {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
};

const number = {};
export const num = (v, digits = 0) =>
  (number[digits] ??= new Intl.NumberFormat(undefined, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })).format(v);
export const power = w =>
  w == null ? '–' : (w = Math.abs(w)) < 999.5 ? `${num(w)} W` : `${num(w / 1000, w < 9995 ? 2 : 1)} kW`;
export const watts = w => (w == null ? '–' : `${num(Math.abs(w))} W`);
export const kwh = wh => (wh == null ? '–' : `${num(wh / 1000, wh < 99950 ? 1 : 0)} kWh`);
export const percent = v => (v == null ? '–' : `${num(v)} %`);
export const ago = sec =>
  sec < 90 ? `${Math.round(sec)} s` : sec < 5400 ? `${Math.round(sec / 60)} min` : `${Math.round(sec / 3600)} h`;
export const clock = (d, seconds) =>
  d.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: seconds ? '2-digit' : undefined });
// onAxis shortens a time of clock: 06:00 AM is 06 AM.
export const onAxis = time => time.replace(/:00(?=\s)/, '');
export const date = (d, long) =>
  d.toLocaleDateString(
    undefined,
    long
      ? { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }
      : { day: 'numeric', month: 'short', year: 'numeric' },
  );

// A direction has a word, never a sign.
export const gridWord = w => (w > 20 ? 'importing' : w < -20 ? 'exporting' : 'balanced');
export const batteryWord = w => (w > 20 ? 'discharging' : w < -20 ? 'charging' : 'idle');

export const icons = {
  solar:
    'M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6 13 13M3 13l1.4-1.4M11.6 4.4 13 3M11 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0z',
  grid: 'M5 15 7.2 1.5h1.6L11 15M5.9 9.5h4.2M6.5 5.5h3M2.5 5.5h11M2.5 5.5v1.6M13.5 5.5v1.6M5.6 11.5 10.6 15M10.4 11.5 5.4 15',
  house: 'M1.5 8 8 2l6.5 6M3.5 6.5V14h9V6.5M6.5 14v-4h3v4',
  battery: 'M1.5 4.5h11v7h-11zM14.5 7v2M7.6 5.8 5.8 8.3h2.6L6.6 10.6',
  warn: 'M10 3 18 17H2zM10 8v4.2M10 14.6v.1',
  info: 'M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM10 9v5M10 6.3v.1',
};
export const notice = (kind, ...lines) =>
  h(
    'div',
    { class: `notice ${kind}` },
    s(
      'svg',
      { viewBox: '0 0 20 20', 'aria-hidden': 'true' },
      s('path', { d: icons[kind === 'alert' ? 'warn' : 'info'] }),
    ),
    h(
      'div',
      null,
      lines.filter(Boolean).map(l => h('p', null, l)),
    ),
  );
export const swatch = c => h('span', { class: `swatch ${c}` });
export const panel = (title, side, ...kids) =>
  h('section', { class: 'panel' }, title && h('header', null, h('h2', null, title), side), ...kids);
export const rows = list =>
  h(
    'dl',
    { class: 'rows' },
    list.filter(Boolean).map(([k, ...v]) => h('div', null, h('dt', null, k), h('dd', null, v))),
  );
export const css = name =>
  getComputedStyle(document.documentElement)
    .getPropertyValue('--' + name)
    .trim();
