// Nothing that somebody wrote into the FAQ runs in the browser of whoever reads it, and the first page is small.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, open, serve, startBrowser } from './support.mjs';

const HOSTILE = `看这里 <script>window.hurt = 1</script><img src=x onerror="window.hurt = 2">
<img src="https://elsewhere.example/pixel.png"><svg onload="window.hurt = 3"></svg>
<iframe srcdoc="<script>parent.hurt = 4</script>"></iframe><style>body { display: none }</style>

[一](javascript:window.hurt=5) ![x" onerror="window.hurt=6](a.png) ![外](https://elsewhere.example/a.png)

<a href="javascript:window.hurt=7" onclick="window.hurt=8">二</a>`;

test('safety', async (t) => {
  const service = await serve(t);
  const browser = await startBrowser(t);

  await t.test('a hostile answer does nothing', async (t) => {
    const entry = { id: 'hostile', question: '什么是<img src=x onerror=window.hurt=9>恶意答案', answer: HOSTILE };
    assert.equal((await service.call('POST', '/v1/entries', entry)).status, 201);
    const known = async () => (await service.call('POST', '/v1/match', { query: entry.question, record: false })).json;
    await eventually(async () => (await known()).matches[0]?.id === 'hostile', 'the entry is served');
    const page = await open(t, browser, `${service.url}/?q=${encodeURIComponent(entry.question)}`);
    const answer = page.locator('article.answer');
    await answer.getByText('看这里').waitFor();
    for (const text of ['一', '二']) await answer.getByText(text, { exact: true }).click();
    assert.equal(await page.evaluate(() => window.hurt), undefined);
    assert.equal(await answer.locator('script, iframe, svg:not(.icon), style, [onerror], [onclick], [href^=javascript]').count(), 0);
    assert.equal(await answer.getByRole('link', { name: '外' }).getAttribute('href'), 'https://elsewhere.example/a.png');
  });

  await t.test('scripts that got in all the same would not run', async (t) => {
    const allowed = [/Content Security Policy/];
    const page = await open(t, browser, service.url, { allowed });
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.hurt = 1';
      document.body.append(script);
      document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.hurt = 2">');
    });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    assert.equal(await page.evaluate(() => window.hurt), undefined);
  });

  await t.test('the first page is small, and the browser only asks whether its copy is still good', async (t) => {
    const page = await open(t, browser, service.url);
    await page.locator('.popular').waitFor();
    const loaded = () =>
      page.evaluate(() =>
        [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(
          ({ name, encodedBodySize }) => [name, encodedBodySize],
        ),
      );
    const bytes = (await loaded()).reduce((sum, [, size]) => sum + size, 0);
    t.diagnostic(`the first page takes ${bytes} bytes`);
    assert.ok(bytes > 5_000 && bytes < 150_000, JSON.stringify(await loaded()));
    const response = await fetch(`${service.url}/page/app.js`);
    const tag = response.headers.get('etag');
    const again = await fetch(`${service.url}/page/app.js`, { headers: { 'if-none-match': tag } });
    assert.equal(again.status, 304);
  });
});
