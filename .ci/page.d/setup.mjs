// Goes through `envoy-mqtt init --web` in a real Chromium, beside simulated ends and a
// real Mosquitto.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

const account = { email: 'owner@example.org', password: 'demo' },
  brokerPassword = 'br0ker-Pa55';

export async function setup({ open, check, has, inspect, freePort, wait, pictures, program, simulate, children }) {
  const folder = mkdtempSync(join(tmpdir(), 'setup-')),
    config = join(folder, 'config.ini');
  const run = (file, args, env = {}) => {
    const child = spawn(file, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.text = '';
    for (const s of [child.stdout, child.stderr])
      s.on('data', d => {
        child.text += d;
      });
    child.ended = new Promise(r => child.on('exit', r));
    children.push(child);
    return child;
  };
  const until = async (child, words) => {
    for (let i = 0; i < 100 && !words.test(child.text); i++) await wait(100);
    return words.exec(child.text);
  };

  const gateway = `127.0.0.1:${await freePort()}`,
    broker = `127.0.0.1:${await freePort()}`;
  run(simulate, ['gateway', gateway]);
  execFileSync('mosquitto_passwd', ['-b', '-c', join(folder, 'passwords'), 'me', brokerPassword], { stdio: 'ignore' });
  writeFileSync(
    join(folder, 'mosquitto.conf'),
    `listener ${broker.split(':')[1]} 127.0.0.1\nallow_anonymous false\npassword_file ${join(folder, 'passwords')}\nuser root\n`,
  );
  run('mosquitto', ['-c', join(folder, 'mosquitto.conf')]);
  const token = execFileSync(simulate, ['token'], { encoding: 'utf8' }).trim();

  // begin starts a setup whose cloud gives an answer, and returns a page that keeps all
  // that it receives.
  async function begin(answer, host, options) {
    const cloud = `127.0.0.1:${await freePort()}`,
      listen = `${host}:${await freePort()}`,
      ca = join(folder, 'ca.pem');
    const pem = (await until(run(simulate, ['cloud', cloud, answer]), /-----BEGIN[^]+END CERTIFICATE-----\n/))[0];
    writeFileSync(ca, pem);
    const child = run(program, ['init', '--web', '--listen', listen, '--config', config], {
      SSL_CERT_FILE: ca,
      ENVOY_MQTT_GENERAL__STATE_DIR: join(folder, 'state'),
      ENVOY_MQTT_ENLIGHTEN__LOGIN_URL: `https://${cloud}/login/login.json`,
      ENVOY_MQTT_ENLIGHTEN__TOKEN_URL: `https://${cloud}/tokens`,
    });
    const code = (await until(child, /code +(\S+)\n[^]*closed when/))?.[1];
    if (!code) throw new Error('no code: ' + child.text);
    const page = await open(`http://${listen}/`, options);
    page.seen = '';
    page.on('response', async r => {
      page.seen += r.url() + (await r.text().catch(() => ''));
    });
    return { child, code, page };
  }
  const fill = async (page, values, button) => {
    for (const [name, value] of Object.entries(values)) await page.fill(`[name="${name}"]`, value);
    await page.click(`button:has-text("${button}")`, { timeout: 60000 });
  };
  // look inspects a page in all sizes and themes.
  async function look(page, name) {
    for (const [width, height] of [
      [360, 740],
      [390, 844],
      [1280, 800],
    ])
      for (const colorScheme of ['light', 'dark']) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        if (pictures && width !== 360)
          await page.screenshot({ path: `${pictures}/setup-${name}-${width}-${colorScheme}.png`, fullPage: true });
        await inspect(page, `setup ${name} ${width} ${colorScheme}`);
      }
  }
  const noSecret = (name, { page, child }) => {
    const shown = page.seen + child.text;
    for (const secret of [account.email, `"${account.password}"`, brokerPassword, 'wr0ng', token])
      check(`${name}: a secret is not displayed`, !shown.includes(secret), secret.length);
  };

  try {
    const first = await begin('', '127.0.0.1', { bypassCSP: true }),
      { page } = first;
    await look(page, 'code');
    page.quiet = true; // a refused request is an error in the console
    await fill(page, { code: 'AAAA-AAAA' }, 'Continue');
    await has(page, 'Wrong code. The next attempt is possible in 1 s.', 'setup: wrong code');
    await look(page, 'wrong-code');
    await wait(1100);
    await fill(page, { code: first.code }, 'Continue');
    await has(page, 'Use this gateway', 'setup: right code');
    page.quiet = false;
    const other = await open(page.url(), {});
    await has(other, 'One-time code', 'setup: another browser needs a code');
    await other.context().close();
    await look(page, 'gateway');
    await fill(page, { host: '127.0.0.1:1' }, 'Use this gateway');
    await has(page, 'The gateway was not read', 'setup: no gateway there');
    await look(page, 'no-gateway');
    await fill(page, { host: gateway }, 'Use this gateway');
    await has(page, 'Gateway: 122012345678 at', 'setup: gateway');
    await look(page, 'account');
    await fill(page, { email: account.email, password: 'wr0ng' }, 'Log in');
    await has(page, '2 attempts remain before logins pause', 'setup: wrong password of the account');
    await look(page, 'wrong-password');
    await fill(page, account, 'Log in');
    await has(page, 'renewed automatically', 'setup: account');
    await look(page, 'broker');
    await fill(page, { address: broker, user: 'me', password: 'wr0ng' }, 'Connect');
    await has(page, 'wrong user name or password', 'setup: wrong password of the broker');
    await look(page, 'wrong-broker');
    await fill(page, { address: broker, user: 'me', password: brokerPassword }, 'Connect');
    await has(page, 'Write the file', 'setup: broker');
    await look(page, 'write');
    await page.click('a:has-text("Change") >> nth=1');
    await has(page, 'Empty keeps the present one.', 'setup: change a step');
    await page.goBack();
    await page.click('button:has-text("Write the file")');
    await has(page, 'The configuration is written.', 'setup: done');
    await look(page, 'done');
    check('setup: the program ends', (await first.child.ended) === 0, first.child.text);
    const text = readFileSync(config, 'utf8');
    check(
      'setup: config.ini',
      [
        `HOST = ${gateway}`,
        `USERNAME = ${account.email}`,
        `URL = mqtt://${broker}`,
        `PASSWORD = ${brokerPassword}`,
      ].every(l => text.includes(l + '\n')),
      text,
    );
    noSecret('setup', first);
    await page.context().close();

    // From another machine, without JavaScript, and with the present values.
    const address =
      Object.values(networkInterfaces())
        .flat()
        .find(a => a.family === 'IPv4' && !a.internal)?.address ?? '127.0.0.2';
    const again = await begin('mfa', address, {
        javaScriptEnabled: false,
        viewport: { width: 390, height: 844 },
        colorScheme: 'dark',
      }),
      bare = again.page;
    const reads = async (words, name) => {
      await bare
        .getByText(words)
        .first()
        .waitFor({ timeout: 30000 })
        .then(
          () => check(name, true),
          async () => check(name, false, await bare.innerText('body')),
        );
    };
    await reads('This connection is not encrypted.', 'setup again: a warning on the page');
    check(
      'setup again: a warning in the log',
      again.child.text.replace(/\s+/g, ' ').includes('the connection is not encrypted'),
      again.child.text,
    );
    if (pictures) await bare.screenshot({ path: `${pictures}/setup-again-390-dark.png`, fullPage: true });
    await fill(bare, { code: again.code.toLowerCase() }, 'Continue');
    await reads('Its values are offered', 'setup again: present values');
    check('setup again: the gateway is offered', (await bare.inputValue('[name="host"]')) === gateway);
    await bare.click('button:has-text("Use this gateway")');
    await reads('Empty keeps the present one.', 'setup again: the account is not displayed');
    await fill(bare, { email: account.email, password: 'demo' + 'x' }, 'Log in');
    await reads('multi-factor authentication (MFA), which only you can pass', 'setup again: MFA');
    if (pictures) await bare.screenshot({ path: `${pictures}/setup-mfa-390-dark.png`, fullPage: true });
    await fill(bare, { token: 'not a token' }, 'Try the token');
    await reads('The token was not accepted', 'setup again: not a token');
    await fill(bare, { token }, 'Try the token');
    await reads('Access: Token until', 'setup again: token');
    check(
      'setup again: the broker is offered',
      (await bare.inputValue('[name="address"]')) === `mqtt://${broker}` &&
        (await bare.inputValue('[name="user"]')) === 'me' &&
        (await bare.inputValue('[name="password"]')) === '',
    );
    await bare.click('button:has-text("Connect")');
    await reads('Write the file', 'setup again: broker');
    await bare.click('button:has-text("Write the file")');
    await reads('The configuration is written.', 'setup again: done');
    check('setup again: the program ends', (await again.child.ended) === 0, again.child.text);
    check(
      'setup again: a token in place of the account',
      readFileSync(config, 'utf8').includes(`TOKEN = ${token}\n`) &&
        !readFileSync(config, 'utf8').includes(account.email),
    );
    noSecret('setup again', again);
    await bare.context().close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
