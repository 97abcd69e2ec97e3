// Shell: route, freshness, gateways. Screens other than Now load on demand.
import { h, text, ago, power, notice } from './lib.js';
import * as data from './data.js';
import { nowScreen } from './now.js';

const main = document.getElementById('main'),
  age = document.getElementById('age'),
  announce = document.getElementById('announce');
let screen,
  shown,
  routes = 0;

let received;
const first = new Promise(resolve => {
  received = resolve;
});

const screens = {
  now: async () => {
    await first;
    return nowScreen(data);
  },
  history: async part => {
    await first;
    return (await import('./history.js')).historyScreen(data, part);
  },
  inverters: async () => (await import('./inverters.js')).invertersScreen(data),
  health: async () => (await import('./health.js')).healthScreen(data),
  login: async () => (await import('./health.js')).loginScreen(data),
};

// failed is the screen of an error.
const failed = (name, err) => ({
  title: name,
  nodes: [
    h('h1', null, 'No data'),
    notice('alert', h('strong', null, err.message), h('button', { class: 'plain', onclick: route }, 'Try again')),
  ],
});

// label identifies a control across a redraw, so that the focus stays on it.
const label = el => el?.getAttribute?.('aria-label') || el?.value || el?.textContent;

async function route() {
  if (screen && location.hash && !location.hash.startsWith('#/')) return main.focus(); // skip link
  const [, name = 'now', ...part] = location.hash.split('/'),
    number = ++routes;
  const next = await (screens[name] ?? screens.now)(part).catch(err => failed(name, err));
  if (number !== routes) return next.close?.(); // another screen was chosen meanwhile
  screen?.close?.();
  const start = !screen,
    same = shown === name,
    was = main.contains(document.activeElement) && label(document.activeElement);
  shown = name;
  screen = next;
  main.replaceChildren(...next.nodes);
  for (const a of document.querySelectorAll('.tabs a'))
    a.getAttribute('href') === '#/' + name || (name === '' && a.getAttribute('href') === '#/now')
      ? a.setAttribute('aria-current', 'page')
      : a.removeAttribute('aria-current');
  document.title = `${next.title} · envoy-mqtt`;
  next.opened?.();
  update();
  if (same)
    [...main.querySelectorAll('a, button, input')].find(el => label(el) === was)?.focus({ preventScroll: true });
  if (!start && !main.contains(document.activeElement)) {
    main.focus({ preventScroll: true });
    if (!same) scrollTo(0, 0);
  }
  document.documentElement.dataset.ready = name;
}

let before = '';
function showAge(late) {
  const kind = late?.kind ?? 'fresh',
    at = late?.age == null ? '' : ' ' + ago(late.age);
  age.dataset.state = late ? 'late' : 'fresh';
  text(
    age,
    !late
      ? `${Math.round(data.age())} s ago`
      : kind === 'new'
        ? 'No reading yet'
        : { offline: 'Offline', disconnected: 'Disconnected', stale: 'Stale' }[kind] + at,
  );
  if (before && before !== kind) text(announce, late ? `Readings are ${kind}` : 'Readings are current again');
  before = kind;
}

const box = document.getElementById('gateways');
function showGateways(late) {
  const all = data.latest()?.gateways ?? [];
  if (all.length < 2 || late?.kind === 'disconnected') return box.replaceChildren();
  const href = g => '?' + new URLSearchParams({ gateway: g.serial }) + location.hash,
    chosen = data.latest().gateway?.serial;
  const parts = all.filter(g => !g.total),
    known = parts.every(g => g.solar != null),
    value = g => (g.late ? g.late + (g.age ? ' ' + ago(g.age) : '') : power(g.solar));
  if (box.querySelectorAll('a').length !== all.length)
    box.replaceChildren(
      h(
        'nav',
        { class: 'gateways', 'aria-label': 'Gateways' },
        all.map(() => h('a', null, h('b'), h('span'))),
        h('p', null, 'Production', h('span')),
      ),
    );
  box.querySelectorAll('a').forEach((a, i) => {
    const g = all[i];
    text(a.firstChild, g.name);
    a.title = g.name;
    text(a.lastChild, value(g));
    a.href = href(g);
    g.serial === chosen ? a.setAttribute('aria-current', 'true') : a.removeAttribute('aria-current');
  });
  // A sum is shown only if every gateway is fresh; sums of house and grid are not shown at all.
  text(box.querySelector('p span'), known ? power(parts.reduce((sum, g) => sum + g.solar, 0)) : 'no sum');
}

let wasLate = false;
function update() {
  const late = data.lateness();
  showAge(late);
  showGateways(late);
  if (data.latest()) screen?.update?.(data.reading(), late);
  wasLate = !!late;
}

addEventListener('hashchange', route);
data.connect(() => {
  received();
  update();
});
// The age counts on, and a reading becomes late, without an event.
setInterval(() => {
  if (!data.latest()) return;
  const late = data.lateness();
  late || wasLate ? update() : showAge(late);
}, 1000);
setTimeout(() => {
  if (!data.latest()) text(age, 'Disconnected');
}, 5000);
route();
