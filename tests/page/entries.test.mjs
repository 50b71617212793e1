// The pages for editors: changing entries, files in and out, the history.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { assertAccessible, checkout, eventually, open, serve, startBrowser, temporaryFolder } from './support.mjs';

test('entries', async (t) => {
  const service = await serve(t);
  const browser = await startBrowser(t);
  const answerTo = async (query) => {
    const { json } = await service.call('POST', '/v1/match', { query, record: false });
    return json.decision === 'answer' ? json.matches[0] : null;
  };

  await t.test('an entry is found, edited with a preview and a picture, and answers differently', async (t) => {
    const page = await open(t, browser, `${service.url}/admin/entries`);
    await page.getByText('28', { exact: true }).waitFor();
    await assertAccessible(page);
    await page.getByLabel('搜索问题').fill('卡纸');
    await page.locator('tbody tr').nth(1).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: '打印机卡纸了怎么办？' }).click();
    await page.getByLabel('相似问').fill('打印机不出纸\n印表機夾紙');
    await page.getByLabel('答案').fill('请拨打 **8000**。');
    await page.locator('.preview strong', { hasText: '8000' }).waitFor();
    await page.setInputFiles('.answer-field input[type=file]', path.join(checkout, 'tests/page/faq/pictures/cast.png'));
    await page.locator('.preview img[alt=cast]').waitFor();
    await page.getByText('会改变回答的问题').waitFor();
    await assertAccessible(page);
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByRole('heading', { name: '条目 28' }).waitFor();
    const found = await eventually(() => answerTo('打印机不出纸'), 'the similar question is answered');
    assert.match(found.answer.markdown, /请拨打 \*\*8000\*\*。!\[cast\]\(\/v1\/assets\/[0-9a-f]{64}\.png\)|!\[cast\]\(\/v1\/assets\/[0-9a-f]{64}\.png\)请拨打/);
  });

  await t.test('before it is stored, an entry shows what is near it and which answers it would change', async (t) => {
    for (let times = 0; times < 2; times += 1) {
      await service.call('POST', '/v1/match', { query: '投影怎么弄到墙上' });
    }
    await eventually(async () => (await service.call('GET', '/v1/stats')).json.questions.total >= 2, 'the questions are logged');
    const page = await open(t, browser, `${service.url}/admin/entries?new`);
    await page.getByLabel('标准问').fill('投影怎么弄到墙上');
    const checked = page.locator('.checked');
    await checked.getByRole('link', { name: '会议室的大屏怎么投屏？' }).waitFor();
    await checked.locator('strong', { hasText: '投影怎么弄到墙上' }).waitFor();
    assert.equal((await service.call('GET', '/v1/entries?limit=1')).json.total, 28);
  });

  await t.test('who was too slow is told, and nothing is overwritten', async (t) => {
    const page = await open(t, browser, `${service.url}/admin/entries?id=help-1-1`, { allowed: [/412/] });
    await page.getByLabel('答案').waitFor();
    const patch = { answer: '别人写的' };
    const headers = { 'if-match': '*' };
    assert.equal((await service.call('PATCH', '/v1/entries/help-1-1', patch, headers)).status, 200);
    await page.getByLabel('答案').fill('我写的');
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByText('刚被别人改过').waitFor();
    assert.equal((await service.call('GET', '/v1/entries/help-1-1')).json.answer, '别人写的');
  });

  await t.test('a change is taken back in the history', async (t) => {
    const page = await open(t, browser, `${service.url}/admin/entries`);
    await page.getByRole('button', { name: '修改历史' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('会议室的大屏怎么投屏？').first().waitFor();
    await dialog.locator('summary').first().click();
    await dialog.locator('ins', { hasText: '别人写的' }).first().waitFor();
    await assertAccessible(page);
    await dialog.getByRole('button', { name: /^撤销/ }).first().click();
    await eventually(
      async () => (await service.call('GET', '/v1/entries/help-1-1')).json.answer.startsWith('按照下面三步'),
      'the answer is the one before',
    );
  });

  await t.test('a draft is staged, seen and published', async (t) => {
    const page = await open(t, browser, `${service.url}/admin/entries?new`);
    await page.getByLabel('标准问').fill('食堂几点开门');
    await page.getByLabel('答案').fill('早上七点。');
    await page.getByRole('button', { name: '存为草稿' }).click();
    await page.getByText('草稿中有 1 处修改').waitFor();
    await assertAccessible(page);
    assert.equal(await answerTo('食堂几点开门'), null);
    // It is edited further as it was left, not as it is published.
    await page.getByRole('link', { name: '食堂几点开门' }).click();
    await page.getByRole('region', { name: '草稿' }).waitFor();
    assert.equal(await page.getByLabel('答案').inputValue(), '早上七点。');
    await page.getByLabel('答案').fill('早上七点半。');
    await page.getByRole('button', { name: '存为草稿' }).click();
    await page.getByText('草稿中有 1 处修改').waitFor();
    await page.getByRole('button', { name: '发布' }).click();
    const found = await eventually(() => answerTo('食堂几点开门'), 'the published entry answers');
    assert.equal(found.answer.markdown, '早上七点半。');
  });

  await t.test('an entry opens as it is staged, is never staged over what was not seen, and its draft can be dropped', async (t) => {
    const address = '/v1/entries/help-1-1?draft=true';
    assert.equal((await service.call('PATCH', address, { answer: '草稿一' }, { 'if-match': '*' })).status, 202);
    const page = await open(t, browser, `${service.url}/admin/entries?id=help-1-1`, { allowed: [/412/] });
    await page.getByRole('region', { name: '草稿' }).waitFor();
    assert.equal(await page.getByLabel('答案').inputValue(), '草稿一');
    await assertAccessible(page);
    assert.equal((await service.call('PATCH', address, { answer: '草稿二' }, { 'if-match': '*' })).status, 202);
    await page.getByLabel('答案').fill('没看到草稿二');
    await page.getByRole('button', { name: '存为草稿' }).click();
    await page.getByText('刚被别人改过').waitFor();
    assert.equal((await service.call('GET', address)).json.answer, '草稿二');
    await page.getByRole('button', { name: '放弃草稿' }).click();
    await page.getByRole('heading', { name: /^条目/ }).waitFor();
    assert.deepEqual((await service.call('GET', '/v1/draft')).json.drafts, []);
  });

  await t.test('an import is told before it is made, and its failed rows can be had', async (t) => {
    const folder = await temporaryFolder(t);
    const file = path.join(folder, '食堂.csv');
    await writeFile(file, '标准问,相似问,答案\n停车场在哪里,车停哪儿,地下二层\n没有答案,,\n');
    const page = await open(t, browser, `${service.url}/admin/entries`);
    await page.getByRole('button', { name: '导入导出' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[type=file]').setInputFiles(file);
    await dialog.getByText('新增 1，修改 0，不变 0，删除 0，跳过 0，失败 1').waitFor();
    await dialog.getByText('第 3 行').waitFor();
    await dialog.getByText('“没有答案”没有答案，未导入。').waitFor();
    await assertAccessible(page);
    assert.equal(await answerTo('车停哪儿'), null);
    const downloading = page.waitForEvent('download');
    await dialog.getByRole('link', { name: '下载失败的行' }).click();
    assert.equal((await downloading).suggestedFilename(), 'failed-rows.csv');
    await dialog.getByRole('button', { name: '确认导入' }).click();
    await dialog.getByText('已导入').waitFor();
    await eventually(() => answerTo('车停哪儿'), 'the imported entry answers');
    const exporting = page.waitForEvent('download');
    await dialog.getByRole('link', { name: 'XLSX' }).click();
    assert.equal((await exporting).suggestedFilename(), 'faq.xlsx');
  });

  await t.test('what is refused is told in the language of the page first', async (t) => {
    const file = path.join(await temporaryFolder(t), '空.csv');
    await writeFile(file, '标准问,答案\n');
    const page = await open(t, browser, `${service.url}/admin/entries`, { allowed: [/422/] });
    await page.getByRole('button', { name: '导入导出' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[type=file]').setInputFiles(file);
    await dialog.getByText('内容有问题').waitFor();
    const details = await dialog.getByRole('alert').locator('li').allInnerTexts();
    assert.ok(details.length > 0 && details.every((detail) => !detail.startsWith(':')), details.join('\n'));
    await assertAccessible(page);
  });

  await t.test('a deleted entry is gone after a question to be sure', async (t) => {
    const page = await open(t, browser, `${service.url}/admin/entries?id=help-1-2`);
    page.on('dialog', (dialog) => dialog.accept());
    await page.getByRole('button', { name: '删除' }).click();
    await page.getByRole('heading', { name: /^条目/ }).waitFor();
    assert.equal((await service.call('GET', '/v1/entries/help-1-2')).status, 404);
  });

  await t.test('it fits a narrow phone', async (t) => {
    const viewport = { width: 390, height: 780 };
    for (const address of ['/admin/entries', '/admin/entries?id=help-1-1']) {
      const page = await open(t, browser, service.url + address, { viewport });
      await page.locator(address.includes('?') ? 'form' : 'tbody tr').first().waitFor();
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${address}: ${wider} pixels too wide`);
      await assertAccessible(page);
    }
  });
});

test('ten thousand entries are paged', async (t) => {
  const service = await serve(t, { faq: ['tests/page/faq/help.md'] });
  const browser = await startBrowser(t);
  // Switched off, so that the test does not wait for ten thousand embeddings.
  for (let first = 0; first < 10_000; first += 1000) {
    const changes = Array.from({ length: 1000 }, (_, nth) => ({
      op: 'create',
      entry: { id: `many-${first + nth}`, question: `第 ${first + nth} 个问题`, enabled: false },
    }));
    assert.equal((await service.call('POST', '/v1/entries/bulk', { changes })).status, 200);
  }
  const page = await open(t, browser, `${service.url}/admin/entries`);
  await page.getByText('10,002', { exact: true }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 50);
  await page.getByRole('button', { name: '下一页' }).click();
  await page.getByText('第 2 / 201 页').waitFor();
  await page.getByRole('link', { name: '第 97 个问题' }).waitFor();
  await page.getByRole('button', { name: '上一页' }).click();
  await page.getByRole('link', { name: '会议室的大屏怎么投屏？' }).waitFor();
  await page.getByLabel('搜索问题').fill('9999');
  await page.getByRole('link', { name: '第 9999 个问题' }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 1);
});
