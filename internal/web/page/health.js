// Health: is the chain from gateway to broker in order, and if not, what to do.
// Sign in is here, too: only the actions of this screen need it.
import { h, s, num, ago, clock, date, notice, panel, rows, text } from './lib.js';

const docs = 'https://github.com/envoy-mqtt/envoy-mqtt/blob/main/docs/troubleshooting.md';
// row links to the row of a message: browsers scroll to the text.
const row = message => `${docs}#:~:text=${encodeURIComponent(message).replaceAll('-', '%2D')}`;
const day = 864e5,
  when = t => {
    const d = new Date(t);
    return Date.now() - d < day ? clock(d) : date(d);
  };

// action returns a button that is disabled while its action runs, and its result.
function action(data, name, path, body, done, primary) {
  const result = h('span', { role: 'status', class: 'small' }),
    button = h('button', { class: primary && 'primary', type: 'submit' }, name);
  const run = async e => {
    e?.preventDefault();
    button.disabled = true;
    result.className = 'small muted';
    text(result, 'Running …');
    const err = await data.act(path, body());
    button.disabled = false;
    if (err?.status === 401) {
      location.hash = '#/login';
      return;
    }
    result.className = err ? 'small error' : 'small';
    text(result, err ? err.error : done);
  };
  return { button, result, run };
}

const requests = list => {
  const top = Math.max(1000, ...list.map(a => a.highest)),
    px = ms => (6 + (88 * Math.log10(Math.max(10, ms) / 10)) / Math.log10(top / 10)).toFixed(1),
    time = v => (v < 1000 ? `${num(v)} ms` : `${num(v / 1000, 1)} s`);
  return h(
    'div',
    { class: 'answers' },
    h(
      'table',
      null,
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          ['Request', 'Median', '95 %', 'Highest', '', 'Timeouts'].map(t =>
            t ? h('th', { scope: 'col', class: t === '95 %' && 'wide' }, t) : h('td', { class: 'wide' }),
          ),
        ),
      ),
      h(
        'tbody',
        null,
        list.map(a =>
          h(
            'tr',
            null,
            h(
              'th',
              { scope: 'row' },
              h(
                'code',
                null,
                a.path.split('/').flatMap((p, i) => (i ? ['/', p, h('wbr')] : [])),
              ),
            ),
            [a.median, a.p95, a.highest].map((v, i) => h('td', { class: i === 1 && 'wide' }, time(v))),
            h(
              'td',
              { class: 'wide' },
              s(
                'svg',
                { class: 'spark', viewBox: '0 0 100 14', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
                s('path', {
                  class: 'range',
                  'vector-effect': 'non-scaling-stroke',
                  d: `M${px(a.median)} 7H${px(a.highest)}`,
                }),
                s('path', {
                  class: 'tick',
                  'vector-effect': 'non-scaling-stroke',
                  d: `M${px(a.median)} 2v10M${px(a.p95)} 4v6`,
                }),
              ),
            ),
            h('td', null, a.timeouts),
          ),
        ),
      ),
    ),
  );
};

function tokenPanel(data, g, x) {
  const t = g.token,
    left = t.expires && Math.round((new Date(t.expires) - new Date(x.time)) / day),
    can = x.access.signed_in && x.access.actions;
  const area = h('textarea', { id: 'token', spellcheck: 'false', autocomplete: 'off', required: true });
  const paste = action(
      data,
      'Check and store',
      'token',
      () => ({ gateway: g.name, token: area.value.trim() }),
      'The gateway accepted the token. It is stored.',
      true,
    ),
    renew = action(data, 'Renew now', 'renew', () => ({ gateway: g.name }), 'The token is renewed.');
  return panel(
    'Token',
    null,
    t.problem && notice('alert', h('strong', null, t.reason || 'The token needs attention.')),
    rows([
      ['State', t.state || 'none'],
      t.role && ['Role', t.role],
      t.expires && [
        'Valid',
        left < 0 ? `expired on ${date(new Date(t.expires))}` : `${num(left)} days, until ${date(new Date(t.expires))}`,
      ],
      ['Renewal', t.renewal ? `automatic, ${date(new Date(t.renewal))}` : 'not automatic'],
      t.reason && !t.problem && ['Reason', t.reason],
    ]),
    can &&
      h(
        'div',
        { class: 'more' },
        can.includes('token') &&
          h(
            'details',
            null,
            h('summary', null, 'Paste a token'),
            h(
              'form',
              {
                onsubmit: async e => {
                  await paste.run(e);
                  if (!paste.result.classList.contains('error')) area.value = '';
                },
              },
              h(
                'div',
                { class: 'field' },
                h('label', { for: 'token' }, 'Token'),
                area,
                h(
                  'p',
                  null,
                  'Log in at ',
                  h(
                    'a',
                    { href: 'https://entrez.enphaseenergy.com/', rel: 'noreferrer', target: '_blank' },
                    'Enphase’s token page',
                  ),
                  `, choose the system and the gateway ${g.serial ?? ''}, and copy the token. The gateway tries it before it is stored. It is never shown again.`,
                ),
              ),
              h('div', { class: 'actions' }, paste.button, paste.result),
            ),
          ),
        can.includes('renew') && h('form', { class: 'actions', onsubmit: renew.run }, renew.button, renew.result),
      ),
  );
}

function accessNotice(data, a) {
  if (a.read_only)
    return notice(
      '',
      h('strong', null, 'This page is read-only.'),
      h(
        'span',
        null,
        'Set ',
        h('code', null, 'PASSWORD'),
        ' under ',
        h('code', null, '[HTTP]'),
        ' to store tokens and reload the configuration here. Everyone who reaches this address can see the values.',
      ),
    );
  return a.signed_in
    ? null
    : notice(
        '',
        h('span', null, h('a', { href: '#/login' }, 'Sign in'), ' to store tokens and reload the configuration.'),
      );
}

export async function healthScreen(data) {
  const x = await data.load('status'),
    key = data.latest()?.gateway?.serial ?? data.chosen,
    g = x.gateways.find(q => q.serial === key || q.name === key) ?? x.gateways[0];
  const b = x.broker,
    offline = x.gateways.filter(q => !q.online),
    tokens = x.gateways.filter(q => q.token?.problem),
    open = offline.length + tokens.length + !b.connected;
  const summary = [
    offline.length
      ? `${offline.map(q => q.title || q.serial || q.name).join(', ')}: no current reading.`
      : 'Readings are current.',
    b.connected ? 'The broker is connected.' : 'The broker is not connected.',
  ].join(' ');
  const reload = action(data, 'Reload configuration', 'reload', () => ({}), 'The configuration is read again.');
  const problems = x.problems.map(p =>
    h(
      'li',
      { class: 'problem' },
      h('time', { datetime: p.last }, clock(new Date(p.last))),
      h(
        'div',
        null,
        h(
          'p',
          null,
          h('a', { href: row(p.text), rel: 'noreferrer', target: '_blank' }, p.text),
          p.level === 'error' && h('span', { class: 'tag' }, 'error'),
          p.count > 1 && h('span', { class: 'small muted' }, ` ${p.count} times since ${clock(new Date(p.first))}`),
        ),
        p.detail && h('p', { class: 'small muted' }, h('code', null, p.detail)),
      ),
    ),
  );
  const title = !x.gateways.length
    ? 'No gateway'
    : open === 0
      ? 'Everything in order'
      : open === 1
        ? 'One open problem'
        : `${open} open problems`;
  const out = action(data, 'Sign out', 'logout', () => ({}), ''),
    leave = async e => {
      await out.run(e);
      location.reload();
    };
  return {
    title: 'Health',
    nodes: [
      h(
        'div',
        { class: 'title' },
        h('div', null, h('h1', null, title), h('p', null, summary)),
        x.access.signed_in &&
          h(
            'div',
            { class: 'actions' },
            x.access.actions.includes('reload') &&
              h('form', { class: 'actions', onsubmit: reload.run }, reload.result, reload.button),
            h('form', { onsubmit: leave }, out.button),
          ),
      ),
      accessNotice(data, x.access),
      h(
        'div',
        { class: 'cols two' },
        h(
          'div',
          null,
          panel(
            'Problems of the last day',
            h('span', { class: 'small muted' }, `${x.problems.length}`),
            problems.length
              ? h('ol', { class: 'list' }, problems)
              : h('p', { class: 'muted' }, 'No warning was logged.'),
          ),
          g?.token && tokenPanel(data, g, x),
          panel(
            'This program',
            null,
            rows([
              ['Version', x.version],
              x.started && ['Running', `since ${when(x.started)}`],
              x.memory && ['Memory', `${num(x.memory / 1e6, 1)} MB`],
              x.history && ['History', `${num(x.history / 1e6, 1)} MB on disk`],
            ]),
          ),
        ),
        h(
          'div',
          null,
          g &&
            panel(
              'Gateway',
              null,
              rows([
                ['Serial number', g.serial ?? 'not known yet'],
                ['State', `${g.online ? 'online' : 'offline'} since ${when(g.since)}`],
                g.age != null && ['Reading', `${ago(g.age)} ago, every ${num(g.interval, g.interval % 1 ? 1 : 0)} s`],
                g.address && ['Address', h('code', null, g.address)],
                g.firmware && ['Firmware', g.firmware],
                g.source && ['Source', g.source],
                g.reason && ['Reason', g.reason],
                g.error && ['Last error', h('code', null, g.error)],
              ]),
            ),
          panel(
            'Broker',
            null,
            rows([
              b.address && ['Address', h('code', null, b.address)],
              ['State', b.connected ? 'connected' : 'not connected'],
              ['Published', `${num(b.published)} messages`],
              ['Lost', `${num(b.errors)} connections lost or rejected`],
            ]),
          ),
        ),
      ),
      g?.requests.length > 0 &&
        panel(
          'Response times of the last hour',
          h('span', { class: 'small muted' }, 'median, 95 %, highest; logarithmic'),
          requests(g.requests),
        ),
    ].filter(Boolean),
  };
}

export async function loginScreen(data) {
  const password = h('input', { id: 'password', type: 'password', autocomplete: 'current-password', required: true }),
    error = h('p', { class: 'error', role: 'alert' }),
    button = h('button', { class: 'primary' }, 'Sign in');
  const submit = async e => {
    e.preventDefault();
    button.disabled = true;
    const err = await data.act('login', { password: password.value });
    if (!err) {
      location.hash = '#/health';
      return;
    }
    password.value = '';
    password.setAttribute('aria-invalid', 'true');
    let wait = err.wait ?? 0;
    const say = () => {
      text(
        error,
        (err.status === 401 ? 'Wrong password.' : err.status === 429 ? 'Too many attempts.' : err.error) +
          (wait > 0 ? ` The next attempt is possible in ${wait} s.` : ''),
      );
      button.disabled = wait > 0;
      if (wait-- > 0) setTimeout(say, 1000);
    };
    say();
    password.focus();
  };
  return {
    title: 'Sign in',
    nodes: [
      h(
        'div',
        { class: 'narrow' },
        h('h1', null, 'Sign in'),
        h(
          'div',
          { class: 'panel' },
          h(
            'form',
            { onsubmit: submit },
            h('input', {
              type: 'text',
              class: 'sr',
              tabindex: -1,
              'aria-hidden': 'true',
              autocomplete: 'username',
              value: 'envoy-mqtt',
              readonly: true,
            }),
            h('div', { class: 'field' }, h('label', { for: 'password' }, 'Password'), password, error),
            h('div', { class: 'actions' }, button),
          ),
        ),
        h(
          'p',
          { class: 'small muted' },
          'PASSWORD under [HTTP] in the configuration. Only changes need it: tokens and the configuration. Without it the page shows values.',
        ),
      ),
    ],
  };
}
