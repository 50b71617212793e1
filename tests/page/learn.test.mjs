// Learning from what people ask: unanswered questions, labelled questions, statistics.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { assertAccessible, eventually, open, serve, startBrowser, temporaryFolder } from './support.mjs';

test('learn', async (t) => {
  const service = await serve(t);
  const browser = await startBrowser(t);
  const ask = async (query) => (await service.call('POST', '/v1/match', { query })).json;
  const bestOf = async (query) => (await service.call('POST', '/v1/match', { query, record: false })).json.matches[0];
  const groups = async (state) => (await service.call('GET', `/v1/unanswered?state=${state}`)).json;

  await t.test('unanswered questions become similar questions, new entries, or nothing, by the keyboard', async (t) => {
    for (const query of ['食堂今天吃什么', '班车几点发车', '班车几点发车', '班车几点发车', '彩虹有几种颜色', '彩虹有几种颜色']) await ask(query);
    await eventually(async () => {
      const { groups: found, waiting } = await groups('open');
      return waiting === 0 && found.length >= 3;
    }, 'the questions are grouped');
    const page = await open(t, browser, `${service.url}/admin/unanswered`);
    await page.locator('article.group').nth(2).waitFor();
    await assertAccessible(page);
    const first = page.locator('article.group').first();
    await eventually(() => first.evaluate((card) => card === document.activeElement), 'the first group has the focus');
    assert.equal(await first.getAttribute('aria-label'), '班车几点发车');

    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), '彩虹有几种颜色');
    await page.keyboard.press('i');
    await eventually(async () => (await groups('ignored')).total === 1, 'the group is ignored');

    await page.getByLabel('班车几点发车').getByRole('combobox').waitFor();
    const entry = await page.getByLabel('班车几点发车').getByRole('combobox').inputValue();
    await page.getByLabel('班车几点发车').focus();
    await page.keyboard.press('a');
    await eventually(async () => (await groups('accepted')).total === 1, 'the group is accepted');
    await eventually(async () => (await bestOf('班车几点发车')).id === entry, 'the entry answers it');

    await page.getByLabel('食堂今天吃什么').focus();
    await page.keyboard.press('n');
    assert.equal(await page.getByLabel('标准问').inputValue(), '食堂今天吃什么');
    await page.getByLabel('答案').fill('看菜单。');
    await page.getByRole('button', { name: '保存' }).click();
    await eventually(async () => (await groups('accepted')).total === 2, 'the group is accepted by the new entry');

    await page.goto(`${service.url}/admin/unanswered`);
    await page.getByRole('button', { name: '已忽略' }).click();
    await page.getByRole('button', { name: '恢复' }).click();
    await eventually(async () => (await groups('ignored')).total === 0, 'the group is open again');
  });

  await t.test('a question is tested with every score, and with other thresholds', async (t) => {
    const page = await open(t, browser, `${service.url}/admin/test`);
    await page.getByLabel('输入您的问题').fill('大屏投屏怎么弄');
    await page.locator('.matches li').first().waitFor();
    await page.getByText('dense').first().waitFor();
    await page.locator('.matches summary').first().click();
    await page.getByRole('cell', { name: 'phrasing_tokens' }).first().waitFor();
    await assertAccessible(page);
    const would = page.locator('.sliders [role=status]');
    await page.locator('.sliders input').nth(0).fill('0');
    await would.getByText('结论：直接回答').waitFor();
    await page.locator('.sliders input').nth(0).fill('1');
    await page.locator('.sliders input').nth(1).fill('1');
    await would.getByText('结论：不回答').waitFor();
    await page.getByRole('button', { name: '恢复' }).click();
  });

  await t.test('a batch is tested, a failure fixed with one click, and the report is better', async (t) => {
    const folder = await temporaryFolder(t);
    const file = path.join(folder, 'questions.csv');
    await writeFile(file, '问题,期望条目\n打印机卡纸怎么办,help-1-2\n那个吐白条的家伙又罢工了,打印机卡纸了怎么办？\n大屏投屏,help-1-1\n没有这条,nothing-1\n');
    const page = await open(t, browser, `${service.url}/admin/test?many`);
    await page.locator('.admin input[type=file]').setInputFiles(file);
    await page.getByText('测试了 3 个问题').waitFor();
    await page.getByText('1 行不能使用').click();
    await page.getByText('知识库里没有编号或标准问为“nothing-1”的条目。').waitFor();
    await assertAccessible(page);
    const hit = page.locator('.tiles div').first().locator('dd');
    const before = await hit.innerText();
    const failed = page.locator('.failures li', { hasText: '那个吐白条的家伙又罢工了' });
    await failed.getByRole('button', { name: '加为相似问' }).click();
    await failed.waitFor({ state: 'detached' });
    await page.locator('.tiles small').first().waitFor();
    await page.getByRole('img', { name: '可靠性' }).getByText('置信度').waitFor();
    assert.notEqual(before, '100%');
    assert.match(await hit.innerText(), /^100%[\s\S]*\+/);
    assert.ok((await service.call('GET', '/v1/entries/help-1-2')).json.similar.includes('那个吐白条的家伙又罢工了'));
  });

  await t.test('a draft is tested before it is published', async (t) => {
    const folder = await temporaryFolder(t);
    const file = path.join(folder, 'questions.jsonl');
    await writeFile(file, '{"query": "谁管钥匙", "relevant": ["help-1-2"]}\n');
    const patch = { similar: ['谁管钥匙'] };
    const staged = await service.call('PATCH', '/v1/entries/help-1-2?draft=true', patch, { 'if-match': '*' });
    assert.equal(staged.status, 202);
    const page = await open(t, browser, `${service.url}/admin/test?many`);
    await page.locator('.admin input[type=file]').setInputFiles(file);
    await page.getByText('失败的问题 1').waitFor();
    await page.getByLabel('测试草稿').check();
    await page.getByRole('button', { name: '重新测试' }).click();
    await page.getByText('全部通过').waitFor();
    await page.getByRole('button', { name: '放弃' }).click();
    await eventually(async () => (await service.call('GET', '/v1/draft')).json.drafts.length === 0, 'the draft is gone');
  });

  await t.test('the dashboard counts what was asked', async (t) => {
    const { query_id } = await ask('会议室的大屏怎么投屏？');
    await service.call('POST', '/v1/feedback', { query_id, verdict: 'helpful' });
    const page = await open(t, browser, `${service.url}/admin/dashboard`);
    for (const name of ['问得最多', '回答最慢', '条目使用情况']) {
      await page.getByRole('region', { name }).getByRole('link', { name: '会议室的大屏怎么投屏？' }).waitFor();
    }
    const total = (await service.call('GET', '/v1/stats')).json.questions.total;
    assert.equal(await page.locator('.tiles dd').first().innerText(), String(total));
    await page.locator('main .drawing rect').first().waitFor();
    await page.getByText('模型 zh-small').waitFor();
    await assertAccessible(page);
    await page.getByRole('button', { name: '7 天' }).click();
    await page.getByRole('button', { name: '7 天', pressed: true }).waitFor();
  });

  await t.test('they fit a narrow phone, in the dark and in English', async (t) => {
    for (const address of ['/admin/unanswered', '/admin/test?q=大屏', '/admin/test?many', '/admin/dashboard']) {
      const page = await open(t, browser, service.url + address, { viewport: { width: 390, height: 780 }, colorScheme: 'dark' });
      await page.getByRole('button', { name: /English/ }).click();
      await page.locator('h1').waitFor();
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${address}: ${wider} pixels too wide`);
      await assertAccessible(page);
    }
  });
});
