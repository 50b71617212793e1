// The page for everybody: asking, choosing, saying what one thinks of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, eventually, open, serve, startBrowser } from './support.mjs';

const BOX = 'input[type=search]';

test('ask', async (t) => {
  const service = await serve(t);
  const browser = await startBrowser(t);
  const statistics = async () => (await service.call('GET', '/v1/stats')).json;

  await t.test('an answer comes while the question is typed, with its picture, which opens large', async (t) => {
    const page = await open(t, browser, service.url);
    await assertAccessible(page);
    await page.fill(BOX, '会议室大屏怎么投屏');
    const answer = page.locator('article.answer');
    await answer.getByRole('heading', { name: '会议室的大屏怎么投屏？' }).waitFor();
    assert.ok((await answer.locator('h2 mark').allTextContents()).join('').includes('投屏'));
    assert.match(await answer.locator('footer').first().innerText(), /很有把握[\s\S]*办公设备[\s\S]*help\.md/);
    const picture = answer.getByRole('img', { name: '点击右下角的投屏按钮' });
    await eventually(() => picture.evaluate((image) => image.complete && image.naturalWidth === 720), 'the picture is there');
    await assertAccessible(page);
    await picture.click();
    await page.getByRole('dialog').getByRole('img').waitFor();
    await assertAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  await t.test('what is only typed so far is not counted; Enter asks, once', async (t) => {
    const before = (await statistics()).questions.total;
    const page = await open(t, browser, service.url);
    await page.locator(BOX).pressSequentially('打印机卡纸', { delay: 20 });
    await page.locator('article.answer').waitFor();
    await page.keyboard.press('Enter');
    await eventually(async () => (await statistics()).questions.total === before + 1, 'one question is counted');
    assert.equal(new URL(page.url()).searchParams.get('q'), '打印机卡纸');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: '有帮助' }).click();
    await page.getByText('谢谢您的反馈').waitFor();
    const { questions, feedback } = await statistics();
    assert.deepEqual([questions.total, feedback.helpful], [before + 1, 1]);
  });

  await t.test('a wrong answer is said to be wrong, in words if one likes, and others are offered', async (t) => {
    const page = await open(t, browser, `${service.url}/?q=${encodeURIComponent('会议室的大屏怎么投屏')}`);
    await page.getByRole('button', { name: '不正确' }).click();
    await page.getByRole('heading', { name: '您想问的也许是' }).waitFor();
    await page.getByLabel('哪里不对').fill('是三楼的大屏');
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByLabel('哪里不对').waitFor({ state: 'detached' });
    assert.equal((await statistics()).feedback.wrong, 1);
  });

  await t.test('an unclear question is asked back; the choice is answered', async (t) => {
    const page = await open(t, browser, `${service.url}/?q=群`);
    await page.getByRole('heading', { name: '您是不是想问' }).waitFor();
    await assertAccessible(page);
    const choice = page.locator('.others li button').first();
    const question = (await choice.locator('span').first().innerText()).split('\n')[0];
    await choice.focus();
    await page.keyboard.press('Enter');
    await page.locator('article.answer').getByRole('heading', { name: question, level: 2 }).waitFor();
  });

  await t.test('a question without an answer is handed over, and none of the nearest is stored as such', async (t) => {
    const page = await open(t, browser, `${service.url}/?q=今天天气怎么样`);
    await page.getByRole('heading', { name: '转人工' }).waitFor();
    await page.getByText('请联系人工客服').waitFor();
    await page.getByRole('button', { name: '都不是我想问的' }).click();
    await eventually(async () => (await statistics()).feedback.none_of_these === 1, 'the feedback is stored');
  });

  await t.test('this device remembers what was asked, until it is told to forget', async (t) => {
    const page = await open(t, browser, `${service.url}/?q=打印机卡纸了怎么办`);
    await page.locator('article.answer').waitFor();
    // Emptying the box right away must not lose the question that the address asked.
    await eventually(() => page.evaluate(() => localStorage.getItem('dayi.history')), 'the question is remembered');
    await page.getByRole('button', { name: '清空' }).click();
    await page.getByRole('heading', { name: '最近问过' }).waitFor();
    await assertAccessible(page);
    await page.getByRole('button', { name: '打印机卡纸了怎么办' }).first().click();
    await page.locator('article.answer').waitFor();
    await page.getByRole('button', { name: '清空' }).click();
    await page.getByRole('button', { name: '清除记录' }).click();
    await page.getByRole('heading', { name: '最近问过' }).waitFor({ state: 'detached' });
  });

  await t.test('popular questions are asked with one click', async (t) => {
    const page = await open(t, browser, service.url);
    const popular = page.locator('.popular button').first();
    const question = await popular.innerText();
    await popular.click();
    await page.locator('article.answer').getByRole('heading', { name: question.trim() }).waitFor();
  });

  await t.test('language and colours are switched and stay', async (t) => {
    const page = await open(t, browser, service.url, { colorScheme: 'light' });
    await page.getByRole('button', { name: 'switch to English' }).click();
    await page.getByRole('heading', { name: 'How can we help?' }).waitFor();
    await page.getByRole('button', { name: 'Dark mode' }).click();
    await page.reload();
    await page.getByRole('heading', { name: 'How can we help?' }).waitFor();
    assert.deepEqual(
      await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme]),
      ['en', 'dark'],
    );
    await assertAccessible(page);
  });

  await t.test('it fits a narrow phone', async (t) => {
    const viewport = { width: 390, height: 780 };
    const page = await open(t, browser, `${service.url}/?q=会议室的大屏怎么投屏`, { viewport });
    await page.locator('article.answer').waitFor();
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `${wider} pixels too wide`);
    await assertAccessible(page);
  });
});
