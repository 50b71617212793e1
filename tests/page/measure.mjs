// How heavy and how quick the first page is:
//     DAYI_BINARY=…/target/release/dayi node measure.mjs

import { open, serve, startBrowser } from './support.mjs';

const RUNS = 10;
const ends = [];
const run = { after: (end) => ends.unshift(end) };
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
try {
  const service = await serve(run);
  const browser = await startBrowser(run);
  const [usable, answered, bytes] = [[], [], []];
  for (let nth = 0; nth < RUNS; nth += 1) {
    // A context of its own: nothing is cached.
    const start = performance.now();
    const page = await open(run, browser, service.url);
    await page.getByRole('searchbox').waitFor();
    usable.push(performance.now() - start);
    const typed = performance.now();
    await page.getByRole('searchbox').fill(`会议室的大屏怎么投屏${'？'.repeat(nth)}`);
    await page.locator('article.answer').waitFor();
    answered.push(performance.now() - typed);
    const sizes = await page.evaluate(() =>
      ['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind)).map((entry) => entry.encodedBodySize),
    );
    bytes.push(sizes.reduce((sum, size) => sum + size, 0));
  }
  console.log(`first page: ${median(bytes)} bytes with one answer and its picture`);
  console.log(`usable after ${median(usable).toFixed(0)} ms, a typed question answered after ${median(answered).toFixed(0)} ms (medians of ${RUNS})`);
} finally {
  for (const end of ends) await end();
}
