// Makes a picture of each page, in both languages, light and dark, on a phone and on a desktop:
//     node screenshots.mjs FOLDER

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkout, eventually, open, serve, startBrowser } from './support.mjs';

const folder = process.argv[2] ?? 'screenshots';
const ASKED = ['班车几点发车', '班车几点发车', '食堂今天吃什么', '报销单在哪里下载', '怎么报销', '会议室的大屏怎么投屏', '大屏投屏'];

/** The pages, and what has to be there before the picture is taken. */
const PAGES = [
  ['start', '/', '.popular'],
  ['answer', '/?q=会议室的大屏怎么投屏', 'article.answer img'],
  ['clarify', '/?q=群', '.others'],
  ['no-answer', '/?q=今天天气怎么样', '.handover'],
  ['entries', '/admin/entries', 'tbody tr'],
  ['entry', '/admin/entries?id=help-1-1', '.checked :is(li, p)'],
  ['unanswered', '/admin/unanswered', 'article.group'],
  ['dashboard', '/admin/dashboard', 'main .drawing rect'],
  ['test', '/admin/test?q=大屏怎么投', '.matches li'],
  ['batch', '/admin/test?many', 'input[type=file]'],
];

const ends = [];
const run = { after: (end) => ends.unshift(end) };
try {
  await mkdir(folder, { recursive: true });
  const service = await serve(run);
  const browser = await startBrowser(run);
  const file = path.join(checkout, 'data/wecom-faq/queries.jsonl');
  const labelled = (await readFile(file, 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  for (const [nth, query] of [...labelled.slice(0, 40).map(({ query }) => query), ...ASKED, ...ASKED].entries()) {
    const { json } = await service.call('POST', '/v1/match', { query });
    const verdict = nth % 7 === 3 ? 'wrong' : 'helpful';
    if (json.decision === 'answer' && nth % 2 === 1) await service.call('POST', '/v1/feedback', { query_id: json.query_id, verdict });
  }
  await eventually(async () => (await service.call('GET', '/v1/unanswered')).json.waiting === 0, 'questions are grouped');
  // Some that fail, so that the report has something to show.
  const questions = path.join(service.data, 'questions.jsonl');
  const wrong = { query: '那个吐白条的家伙又罢工了', relevant: ['help-1-2'] };
  await writeFile(questions, [wrong, ...labelled].map((question) => JSON.stringify(question)).join('\n'));
  for (const language of ['zh', 'en']) {
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1280, 390]) {
        for (const [name, address, sign] of PAGES) {
          const page = await open(run, browser, service.url, { colorScheme, viewport: { width, height: 800 } });
          await page.evaluate((chosen) => localStorage.setItem('dayi.language', chosen), language);
          await page.goto(service.url + address);
          await page.locator(sign).first().waitFor({ state: 'attached' });
          if (name === 'batch') {
            await page.locator(sign).setInputFiles(questions);
            await page.locator('.failures li').first().waitFor();
          }
          await page.waitForLoadState('networkidle');
          await page.screenshot({ path: path.join(folder, `${name}-${language}-${colorScheme}-${width}.png`), fullPage: true });
          await page.close();
        }
      }
    }
  }
} finally {
  for (const end of ends) await end();
}
