// Photographs the page at URL into FOLDER after SECONDS of history.
'use strict';
const { chromium } = require('playwright-core');

async function main([url, folder, seconds]) {
  const stretch = 3600 / seconds;
  await new Promise(done => setTimeout(done, seconds * 1000));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  for (const [name, width, height] of [
    ['page.png', 960, 600],
    ['page-narrow.png', 390, 844],
  ]) {
    const page = await browser.newPage({ viewport: { width, height }, locale: 'en-GB' });
    const failures = [];
    page.on('pageerror', e => failures.push(e.message));
    await page.route('**/envoy/data', async route => {
      const answer = await route.fetch();
      const data = await answer.json();
      data.gap *= stretch;
      for (const p of data.history) p.t = data.now - (data.now - p.t) * stretch;
      await route.fulfill({ response: answer, json: data });
    });
    await page.goto(url);
    await page.waitForSelector('#meters section');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) failures.push(`${name}: ${overflow} px wider than the window`);
    if (failures.length > 0) throw new Error(failures.join('\n'));
    await page.screenshot({ path: `${folder}/${name}`, fullPage: true });
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.close();
  }
  await browser.close();
}

main(process.argv.slice(2)).catch(e => {
  console.error(e);
  process.exit(1);
});
