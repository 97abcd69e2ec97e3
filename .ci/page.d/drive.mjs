// Drives the page in a real Chromium. Usage: node drive.mjs HOUSE PROGRAM SIMULATE PICTURES
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { createServer as listen } from 'node:net';
import { setup } from './setup.mjs';

const [house, program, simulate, pictures] = process.argv.slice(2),
  require = createRequire(process.env.NODE_MODULES + '/');
const { chromium } = require('playwright-core'),
  axe = require.resolve('axe-core/axe.min.js');
const wait = ms => new Promise(r => setTimeout(r, ms));
const freePort = () =>
  new Promise(r => {
    const s = listen().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => r(port));
    });
  });

let failed = 0;
const check = (name, ok, got = '') => {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${ok ? '' : `: ${got}`}`);
  if (!ok) failed++;
};
const offset = Math.min(14, 15 - new Date().getUTCHours()),
  zone = `Etc/GMT${offset > 0 ? '-' : '+'}${Math.abs(offset)}`; // it is the afternoon

const children = [];
function start(file, args, stream) {
  const child = spawn(file, args, { env: { ...process.env, TZ: zone }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.text = '';
  child[stream].on('data', d => {
    child.text += d;
  });
  (stream === 'stderr' ? child.stdout : child.stderr).resume();
  children.push(child);
  return child;
}
async function startHouse(port, password = '', ...supervisor) {
  const child = start(house, [`127.0.0.1:${port}`, password, ...supervisor], 'stderr');
  for (let i = 0; i < 100; i++)
    try {
      await fetch(`http://127.0.0.1:${port}/api/live`);
      return child;
    } catch {
      await wait(100);
    }
  throw new Error('the house does not start: ' + child.text);
}
const say = async (child, line) => {
  child.stdin.write(line + '\n');
  await wait(300);
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const errors = [];
// open returns a page that reports console errors and requests to other hosts.
// While quiet, the server is away and errors of the network are expected.
async function open(url, { quiet = false, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    timezoneId: zone,
    locale: 'en-GB',
    reducedMotion: 'no-preference',
    ...options,
  });
  const page = await context.newPage(),
    origin = new URL(url).host;
  page.quiet = quiet;
  page.on('console', m => {
    if (m.type() === 'error' && !page.quiet) errors.push(`${page.url()}: ${m.text()}`);
  });
  page.on('pageerror', e => errors.push(`${page.url()}: ${e.message}`));
  page.on('request', r => {
    if (new URL(r.url()).host !== origin) errors.push(`request to ${r.url()}`);
  });
  await page.goto(url);
  return page;
}
const ready = (page, name) => page.waitForSelector(`html[data-ready="${name}"]`, { timeout: 15000 });
const has = async (page, words, name, timeout = 15000) => {
  const ok = await page
    .waitForFunction(w => document.body.innerText.includes(w), words, { timeout })
    .then(
      () => true,
      () => false,
    );
  check(name, ok, ok ? '' : (await page.innerText('body')).replace(/\s+/g, ' ').slice(0, 400));
};
async function inspect(page, name) {
  await page.addScriptTag({ path: axe }).catch(() => page.evaluate(require('fs').readFileSync(axe, 'utf8')));
  const result = await page.evaluate(() => window.axe.run());
  check(
    `axe: ${name}`,
    result.violations.length === 0,
    JSON.stringify(result.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ')).slice(0, 3)])),
  );
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(`no overflow: ${name}`, wide <= 0, `${wide} px`);
}

async function screens(base, child) {
  await say(child, 'fresh');
  for (const [width, height] of [
    [360, 740],
    [390, 844],
    [1280, 800],
  ])
    for (const colorScheme of ['light', 'dark']) {
      const page = await open(base, { viewport: { width, height }, colorScheme, bypassCSP: true });
      for (const [name, hash] of [
        ['now', '#/now'],
        ['history', '#/history'],
        ['days', '#/history/days'],
        ['months', '#/history/months'],
        ['inverters', '#/inverters'],
        ['health', '#/health'],
        ['login', '#/login'],
      ]) {
        await page.evaluate(h => {
          delete document.documentElement.dataset.ready;
          location.hash = h;
          dispatchEvent(new HashChangeEvent('hashchange'));
        }, hash);
        await ready(page, hash.split('/')[1]);
        await wait(400);
        if (pictures && width !== 360)
          await page.screenshot({ path: `${pictures}/${name}-${width}-${colorScheme}.png`, fullPage: true });
        await inspect(page, `${name} ${width} ${colorScheme}`);
      }
      await page.context().close();
    }
}

async function values(base, child) {
  await say(child, 'fresh');
  const page = await open(base);
  await ready(page, 'now');
  await has(page, 'Exporting 3.2', 'now: the grid');
  const first = await page.textContent('.flow .solar .value'),
    before = await page.innerText('.hero p');
  await page
    .waitForFunction(t => document.querySelector('.hero p').innerText !== t, before, { timeout: 5000 })
    .then(
      () => check('now: live update', true),
      () => check('now: live update', false, before),
    );
  check('now: solar', /^7\.4\d kW$/.test(first), first);
  await has(page, '31.4 kWh', 'now: energy of today');
  await has(page, '44 %', 'now: self-consumption 1 - 17.5/31.4');
  await has(page, '82 %', 'now: self-sufficiency 1 - 2.25/12.5');
  await say(child, 'no-battery');
  await page
    .waitForFunction(() => document.querySelectorAll('.flow .card').length === 3, null, { timeout: 5000 })
    .then(
      () => check('now: rebuilt without a battery', true),
      () => check('now: rebuilt without a battery', false),
    );
  await say(child, 'only-solar');
  await has(page, 'Only production is measured.', 'now: without a consumption CT');
  await say(child, 'asleep');
  await has(page, 'Inverters are asleep', 'now: without a CT at night');
  const night = await open(base);
  await has(night, '31.4 kWh', 'now: the energy of today at night');
  check('now: no empty panels at night', (await night.locator('.flow, .phases').count()) === 0);
  await night.context().close();
  await say(child, 'only-house');
  await has(page, 'Using 1.8', 'now: only the consumption');
  check('now: without production', !(await page.innerText('main')).includes('production is measured'));
  await say(child, 'fresh');
  await has(page, 'Exporting', 'now: with everything again');
  await say(child, 'offline');
  await has(page, 'Gateway offline', 'now: offline', 5000);
  check(
    'now: offline has no value',
    !/\d k?W/.test((await page.textContent('.flow')) + (await page.textContent('.phases'))),
    await page.textContent('.now'),
  );
  if (pictures) await page.screenshot({ path: `${pictures}/offline-1280-light.png` });
  await say(child, 'fresh');
  await has(page, 'Exporting', 'now: online again', 5000);
  await say(child, 'stale');
  await has(page, 'No current reading', 'now: stale', 13000);
  check(
    'now: stale age in the header',
    /^Stale 1\d s$/.test(await page.innerText('#age')),
    await page.innerText('#age'),
  );
  if (pictures) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: `${pictures}/stale-390-light.png` });
    await page.setViewportSize({ width: 1280, height: 800 });
  }
  await say(child, 'fresh');
  await has(page, 'Exporting', 'now: fresh again', 5000);

  const yesterday = new Date(Date.now() + offset * 36e5 - 864e5).toISOString().slice(0, 10);
  await page.goto(`${base}#/history/day/${yesterday}`);
  await ready(page, 'history');
  for (const v of ['31.4 kWh', '12.5 kWh', '2.3 kWh', '17.5 kWh', '8.5 kWh', '4.8 kWh'])
    await has(page, v, `history: the day has ${v}`);
  await page.focus('.plot');
  for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowRight'); // from noon, 5 min each
  await has(page, 'At 13:00', 'history: crosshair by keyboard');
  await has(page, '7.80 kW', 'history: solar at 13:00');
  await page.keyboard.press('Escape');
  await page.click('summary');
  const cell = await page.innerText('tbody tr:nth-child(1) td:nth-child(5)');
  check('history: the house used 0.38 kWh from 0:00 to 1:00', cell === '0.38', cell);
  const csv = await (await fetch(`${base}api/history?date=${yesterday}&format=csv`)).text();
  check('history: CSV', csv.split('\n').length === 1442 && csv.startsWith('time,solar_w'), csv.slice(0, 100));
  await page.goto(base + '#/history/days');
  await has(page, '973 kWh', 'history: 31 days of 31.4 kWh');
  await page.focus('.plot');
  for (const key of ['End', 'ArrowLeft', 'Enter']) await page.keyboard.press(key);
  await page.waitForURL(`${base}#/history/day/${yesterday}`, { timeout: 5000 }).then(
    () => check('history: a day opens by keyboard', true),
    () => check('history: a day opens by keyboard', false, page.url()),
  );
  await page.goto(base + '#/inverters');
  await has(page, '23 of 24 inverters report', 'inverters: one is silent');
  await has(page, '30 % below', 'inverters: one is weak');
  check(
    'inverters: two are named',
    (await page.locator('.across li').count()) === 2,
    await page.locator('.across').innerText(),
  );
  await page.goto(base + '#/health');
  await has(page, 'Everything in order', 'health');
  const docs = readFileSync('docs/troubleshooting.md', 'utf8').replace(/[&<]/g, c => `&#${c.charCodeAt()};`);
  await page.context().route(/github.com.*\/docs\/troubleshooting.md$/, r =>
    r.fulfill({
      contentType: 'text/html; charset=utf-8',
      body: `<!doctype html><html lang="en"><title>Troubleshooting</title><pre>${docs}`,
    }),
  );
  const [help] = await Promise.all([
    page.context().waitForEvent('page'),
    page.click('.problem a:text("net consumption is not available")'),
  ]);
  await help
    .waitForFunction(() => scrollY > 0, null, { timeout: 5000 })
    .then(
      () => check('health: a problem links to its row', true),
      () => check('health: a problem links to its row', false, help.url()),
    );
  await has(page, 'This page is read-only.', 'health: read-only without a password');
  await page.context().close();

  const german = await open(base, { locale: 'de-DE', viewport: { width: 360, height: 740 } });
  await has(german, 'Exporting 3,2', "now: numbers by the browser's locale");
  await german.context().close();

  const abroad = await open(base, { timezoneId: 'Asia/Kolkata' });
  await abroad.waitForSelector('.strip .axis');
  const times = (await abroad.innerText('.strip .axis')).split(/\s+/);
  check(
    "now: times by the browser's zone, also at the end of the day",
    times.length === 5 && times[0] === times[4],
    times,
  );
  await abroad.context().close();

  const gone = await open(base + '?gateway=482207000000#/history/days');
  await has(gone, '973 kWh', 'a gateway that does not exist any more leads to the first');
  check('without it in the address', gone.url() === base + '#/history/days', gone.url());
  await gone.context().close();

  const narrow = await open(base, { javaScriptEnabled: false, viewport: { width: 360, height: 740 } }),
    wide = await narrow.locator('td').evaluateAll(all => Math.max(...all.map(td => td.getBoundingClientRect().right)));
  check('without JavaScript: the table fits into 360 px', wide <= 360, `${wide} px`);
  await narrow.context().close();
  const bare = await open(base, { javaScriptEnabled: false });
  check(
    'without JavaScript: a table',
    /Grid, exporting\s+32\d\d W/.test(await bare.innerText('main')),
    await bare.innerText('main'),
  );
  if (pictures) await bare.screenshot({ path: `${pictures}/noscript-1280-light.png` });
  await bare.context().close();
}

async function gateways(base, child) {
  await say(child, 'two');
  const page = await open(base + '?gateway=482207019876');
  await ready(page, 'now');
  await has(page, 'Producing 7.4', 'two gateways: the chosen one');
  const row = () => page.innerText('.gateways');
  await wait(1500);
  check('two gateways: the sum', /Production\s+14\.8 kW/.test(await row()), await row());
  if (pictures) await page.screenshot({ path: `${pictures}/gateways-1280-light.png` });
  await page.goto(`${base}?gateway=482207019876#/history/days`);
  await ready(page, 'history');
  check(
    'two gateways: the history has their sum',
    /All gateways\s+Solar\s+1,947 kWh/.test(await page.innerText('.read')),
    await page.innerText('.read'),
  );
  if (pictures) await page.screenshot({ path: `${pictures}/gateways-history-1280-light.png` });
  await inspect(await open(base, { bypassCSP: true, viewport: { width: 390, height: 844 } }), 'two gateways');
  await page.goto(`${base}?gateway=482207019876#/now`);
  await say(child, 'fresh'); // the garage is not read any more
  await page
    .waitForFunction(() => document.querySelector('.gateways p').innerText.includes('no sum'), null, { timeout: 15000 })
    .then(
      () => check('two gateways: no sum if one is stale', true),
      () => check('two gateways: no sum if one is stale', false),
    );
  await page.context().close();

  // A phone of a country whose clocks have 12 hours, and a long name.
  await say(child, 'long');
  const phone = await open(base, { viewport: { width: 360, height: 740 }, locale: 'en-US' });
  await ready(phone, 'now');
  const names = await phone
    .locator('.gateways a')
    .evaluateAll(all => all.map(a => a.getBoundingClientRect().right - a.firstChild.getBoundingClientRect().right));
  check('a long name does not leave its box', Math.min(...names) >= 0, names);
  await phone.goto(base + '#/history/days');
  await ready(phone, 'history');
  check(
    'phone: the sum is named',
    (await phone.innerText('.read')).includes('All gateways'),
    await phone.innerText('.read'),
  );
  await phone.goto(base + '#/inverters');
  await ready(phone, 'inverters');
  const hours = await phone.locator('.hours span').evaluateAll(all =>
    all
      .map(span => span.getBoundingClientRect())
      .filter(box => box.width > 0)
      .map(box => [box.left, box.right]),
  );
  check(
    'phone: times at the axis are apart',
    hours.length > 1 && hours.slice(1).every(([left], i) => left > hours[i][1] + 2),
    hours,
  );
  await phone.context().close();
}

// measure prints what a first visit transfers and when it paints, and what ten readings cost.
async function measure(base, child) {
  await say(child, 'fresh');
  for (const reducedMotion of ['reduce', 'no-preference']) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion }),
      page = await context.newPage(),
      cdp = await context.newCDPSession(page);
    let bytes = 0;
    cdp.on('Network.loadingFinished', e => {
      bytes += e.encodedDataLength;
    });
    await cdp.send('Network.enable');
    await cdp.send('Performance.enable');
    await page.goto(base);
    await ready(page, 'now');
    await wait(2000);
    const paint = await page.evaluate(
      () => performance.getEntriesByType('paint').find(p => p.name === 'first-contentful-paint')?.startTime,
    );
    const metrics = async () =>
      Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map(m => [m.name, m.value]));
    const a = await metrics(),
      first = bytes;
    await wait(10000);
    const b = await metrics(),
      per = k => ((b[k] - a[k]) * 100).toFixed(2);
    console.log(
      `measured, motion ${reducedMotion}: first visit ${first} bytes with headers, first contentful paint ${Math.round(paint)} ms; a reading: script ${per('ScriptDuration')} ms, style ${per('RecalcStyleDuration')} ms, layout ${per('LayoutDuration')} ms, all tasks ${per('TaskDuration')} ms`,
    );
    await context.close();
  }
}

async function reconnect(port, child) {
  const base = `http://127.0.0.1:${port}/`,
    page = await open(base);
  await has(page, 'Exporting', 'reconnect: fresh');
  page.quiet = true;
  child.kill('SIGKILL');
  await has(page, 'Page disconnected', 'reconnect: disconnected', 14000);
  if (pictures) await page.screenshot({ path: `${pictures}/disconnected-1280-light.png` });
  const next = await startHouse(port);
  await has(page, 'Exporting', 'reconnect: fresh after the restart', 15000);
  page.quiet = false;
  next.kill('SIGSTOP'); // hangs: no error event
  await has(page, 'Page disconnected', 'reconnect: disconnected from a program that hangs', 14000);
  next.kill('SIGCONT');
  await has(page, 'Exporting', 'reconnect: fresh again', 15000);
  await page.context().close();
  return next;
}

// startProxy returns a reverse proxy that strips a path. Other paths are answered with shell.
async function startProxy(port, path, shell, options) {
  const proxy = createServer((req, res) => {
    if (!req.url.startsWith(path))
      return shell ? res.writeHead(200, { 'Content-Type': 'text/html' }).end(shell) : res.writeHead(404).end();
    const up = request(
      {
        port,
        host: '127.0.0.1',
        path: req.url.slice(path.length - 1),
        method: req.method,
        ...options,
        headers: { ...req.headers, ...options?.headers },
      },
      r => {
        res.writeHead(r.statusCode, r.headers);
        r.pipe(res);
      },
    );
    up.on('error', () => res.destroy());
    res.on('close', () => up.destroy());
    req.pipe(up);
  }).listen(0, '127.0.0.1');
  await new Promise(r => proxy.on('listening', r));
  return proxy;
}

// ingress is Home Assistant: the page is in a frame, below a path, and requests come from the Supervisor's address.
async function ingress(port) {
  const path = '/api/hassio_ingress/abc/',
    shell = `<!doctype html><html lang="en"><title>Home Assistant</title><link rel="icon" href="data:,"><iframe title="Envoy" src="${path}" style="width:100%;height:90vh">`;
  const proxy = await startProxy(port, path, shell, {
    localAddress: '127.0.0.2',
    headers: { 'x-ingress-path': path.slice(0, -1), host: 'homeassistant.example.org' },
  });
  const page = await open(`http://127.0.0.1:${proxy.address().port}/`),
    frame = page.frame({ url: /hassio_ingress/ });
  const shows = async (words, name) =>
    check(
      name,
      await frame
        .waitForFunction(w => document.body.innerText.includes(w), words, { timeout: 15000 })
        .then(
          () => true,
          () => false,
        ),
      await frame.evaluate(() => document.body.innerText.slice(0, 300)),
    );
  await shows('Exporting', 'ingress: live in a frame');
  await frame.click('text=History');
  await shows('Comes from', 'ingress: history');
  await frame.click('text=Health');
  await frame.click('summary:has-text("Paste a token")');
  await frame.fill('#token', 'good');
  await frame.click('button:has-text("Check and store")');
  await shows('The gateway accepted the token. It is stored.', 'ingress: token stored without a password');
  if (pictures) await page.screenshot({ path: `${pictures}/ingress-1280-light.png` });
  await page.context().close();
  proxy.closeAllConnections();
  proxy.close();
  const other = await startProxy(port, path, shell, { headers: { 'x-ingress-path': path.slice(0, -1) } }),
    blocked = await open(`http://127.0.0.1:${other.address().port}/`, { quiet: true });
  await wait(1500);
  check(
    'ingress: no frame for another peer',
    !(
      await Promise.all(blocked.frames().map(f => f.evaluate(() => document.body?.innerText ?? '').catch(() => '')))
    ).some(t => t.includes('Exporting')),
  );
  await blocked.context().close();
  other.closeAllConnections();
  other.close();
}

// signIn runs on a path, as behind a reverse proxy.
async function signIn(port) {
  const proxy = await startProxy(port, '/a/path/');
  const base = `http://127.0.0.1:${proxy.address().port}/a/path/`,
    page = await open(base);
  await has(page, 'Exporting', 'path: live');
  await page.goto(base + '#/health');
  await page.click('text=Sign in');
  await ready(page, 'login');
  page.quiet = true; // a refused request is an error in the console
  await page.fill('#password', 'wrong');
  await page.click('button:has-text("Sign in")');
  await has(page, 'Wrong password. The next attempt is possible in 1 s.', 'sign in: wrong password');
  await page.waitForSelector('button:has-text("Sign in"):enabled');
  await wait(300);
  await page.fill('#password', 'secret');
  await page.click('button:has-text("Sign in")');
  await has(page, 'Paste a token', 'sign in: right password');
  await page.click('summary:has-text("Paste a token")');
  await page.fill('#token', 'another');
  await page.click('button:has-text("Check and store")');
  await has(page, 'the token is for gateway 482207019876, not 482207014533', 'token: of another gateway');
  page.quiet = false;
  await page.fill('#token', 'good');
  await page.click('button:has-text("Check and store")');
  await has(page, 'The gateway accepted the token. It is stored.', 'token: stored');
  check('token: not displayed any more', (await page.inputValue('#token')) === '', await page.inputValue('#token'));
  await page.click('button:has-text("Reload configuration")');
  await has(page, 'The configuration is read again.', 'reload');
  if (pictures) await page.screenshot({ path: `${pictures}/signedin-1280-light.png`, fullPage: true });
  check('sign in: scripts do not see the cookie', (await page.evaluate(() => document.cookie)) === '');
  await page.click('button:has-text("Sign out")');
  await has(page, 'to store tokens and reload the configuration', 'sign out');
  await page.context().close();
  proxy.closeAllConnections();
  proxy.close();
}

async function demo() {
  const child = start(program, ['demo', '--speed', '60'], 'stderr');
  for (let i = 0; i < 100 && !/The page:\s+(\S+)/.test(child.text); i++) await wait(100);
  const base = child.text.match(/The page:\s+(\S+)/)[1] + '/',
    page = await open(base);
  await page
    .waitForFunction(() => /porting|balanced/.test(document.querySelector('h1')?.innerText ?? ''), null, {
      timeout: 15000,
    })
    .then(
      () => check('demo: now', true),
      async () => check('demo: now', false, await page.innerText('main')),
    );
  const before = await page.innerText('.hero p');
  await page
    .waitForFunction(t => document.querySelector('.hero p').innerText !== t, before, { timeout: 5000 })
    .then(
      () => check('demo: live update', true),
      () => check('demo: live update', false, before),
    );
  if (pictures) await page.screenshot({ path: `${pictures}/demo-1280-light.png`, fullPage: true });
  await page.goto(base + '#/health');
  await has(page, 'Everything in order', 'demo: health');
  const metrics = await page.evaluate(
    () => performance.getEntriesByType('paint').find(p => p.name === 'first-contentful-paint')?.startTime,
  );
  console.log(`first contentful paint ${Math.round(metrics)} ms`);
  await page.context().close();
  child.kill('SIGTERM');
}

// together puts pictures of a phone side by side.
async function together(name, ...files) {
  const page = await browser.newPage({ viewport: { width: 1218, height: 760 } });
  await page.setContent(
    '<body style="margin:0;display:flex;gap:24px">' +
      files
        .map(
          f =>
            `<img style="width:390px;height:760px;object-fit:cover;object-position:top" src="data:image/png;base64,${readFileSync(`${pictures}/${f}.png`, 'base64')}">`,
        )
        .join(''),
  );
  await page.screenshot({ path: `${pictures}/${name}.png` });
  await page.close();
}

try {
  await setup({ open, check, has, inspect, freePort, wait, pictures, program, simulate, children });
  await demo();
  const port = await freePort(),
    base = `http://127.0.0.1:${port}/`;
  let child = await startHouse(port);
  await values(base, child);
  await measure(base, child);
  await screens(base, child);
  child = await reconnect(port, child);
  await gateways(base, child);
  const locked = await freePort();
  await startHouse(locked, 'secret');
  await signIn(locked);
  const panel = await freePort();
  await startHouse(panel, '', '127.0.0.2');
  await ingress(panel);
  if (pictures) {
    await together('phone', 'now-390-dark', 'history-390-light', 'inverters-390-dark');
    await together('setup', 'setup-gateway-390-light', 'setup-account-390-dark', 'setup-broker-390-light');
  }
} catch (err) {
  check('run', false, err.stack);
}
check('no console error, no request to another host', errors.length === 0, errors.slice(0, 10).join('\n'));
await browser.close();
for (const c of children) c.kill('SIGKILL');
process.exit(failed ? 1 : 0);
