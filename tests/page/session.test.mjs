// Signing in with a key: refused, granted, and not enough.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, dayi, eventually, open, serve, startBrowser, temporaryFolder } from './support.mjs';

test('signing in', async (t) => {
  const data = await temporaryFolder(t);
  const service = await serve(t, { data });
  const browser = await startBrowser(t);
  const edit = (await dayi(data, ['key', 'create', '--name', '编辑', '--scope', 'ask,feedback,edit'])).trim().split(/\s+/).find((word) => word.startsWith('dayi_'));
  const ask = (await dayi(data, ['key', 'create', '--name', '前台', '--scope', 'ask,feedback'])).trim().split(/\s+/).find((word) => word.startsWith('dayi_'));
  await eventually(async () => (await service.call('GET', '/v1/session')).json.actor === null, 'a key is needed');

  await t.test('a wrong key is refused, the right one lets in, and signing out ends it', async (t) => {
    const page = await open(t, browser, `${service.url}/admin/entries`, { allowed: [/401/] });
    await page.getByRole('heading', { name: '登录' }).waitFor();
    await assertAccessible(page);
    await page.getByLabel('密钥').fill('dayi_0123456789abcdef_wrong');
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByText('密钥不对').waitFor();
    await assertAccessible(page);

    await page.getByLabel('密钥').fill(edit);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByRole('link', { name: '打印机卡纸了怎么办？' }).waitFor();
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.expires], [true, 'Strict', -1]);
    assert.equal(await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })).then((text) => text.includes('dayi_0')), false);

    await page.getByRole('link', { name: '打印机卡纸了怎么办？' }).click();
    await page.getByLabel('答案').fill('找小王。');
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByRole('heading', { name: /^条目/ }).waitFor();
    const headers = { authorization: `Bearer ${edit}` };
    const changed = (await service.call('GET', '/v1/history?limit=1', undefined, headers)).json.changes[0];
    assert.match(changed.actor, /编辑/);

    await page.reload();
    await page.getByRole('link', { name: '打印机卡纸了怎么办？' }).waitFor();
    await page.getByRole('button', { name: '退出' }).click();
    await page.getByRole('heading', { name: '登录' }).waitFor();
    assert.deepEqual(await page.context().cookies(), []);
  });

  await t.test('who may only ask can ask and say what they think, and is told why not more', async (t) => {
    const page = await open(t, browser, service.url);
    await page.getByLabel('密钥').fill(ask);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByRole('searchbox').fill('会议室的大屏怎么投屏');
    await page.locator('article.answer img').waitFor();
    await page.getByRole('button', { name: '有帮助' }).click();
    await page.getByText('谢谢您的反馈').waitFor();
    await page.goto(`${service.url}/admin/entries`);
    await page.getByText('没有权限打开这个页面').waitFor();
    await assertAccessible(page);
  });

  await t.test('another site cannot change anything with the cookie', async (t) => {
    const page = await open(t, browser, service.url, { allowed: [/403/] });
    await page.getByLabel('密钥').fill(edit);
    await page.getByRole('button', { name: '登录' }).click();
    await page.locator('.popular').waitFor();
    const status = await page.evaluate(async () => {
      const response = await fetch('/v1/entries/help-1-1', { method: 'DELETE', headers: { 'if-match': '*' } }).catch(() => null);
      return response?.status;
    });
    assert.equal(status, 403);
  });
});
