// What the tests of the page need: the real binary on a free port, and a real browser that watches for what must not
// happen on any page.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const checkout = path.resolve(here, '../..');
const binary = process.env.DAYI_BINARY ?? path.join(checkout, 'target/debug/dayi');
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A FAQ with pictures beside the one of README. */
export const FAQ = ['data/wecom-faq/wecom-faq.md', 'tests/page/faq/help.md'];

/** Runs `dayi` to its end; what it printed. */
export async function dayi(data, args) {
  const child = spawn(binary, [...args, '--data', data], { cwd: checkout, env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (part) => (printed += part));
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, `dayi ${args.join(' ')} failed`);
  return printed;
}

function environment() {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('DAYI_'));
  return { ...Object.fromEntries(others), RUST_LOG: 'error' };
}

/** A folder that goes when the test is over. */
export async function temporaryFolder(test) {
  const folder = await mkdtemp(path.join(tmpdir(), 'dayi-page-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `dayi serve` on a free port; stopped when the test is over. */
export async function serve(test, { faq = FAQ, args = [], data } = {}) {
  data ??= await temporaryFolder(test);
  const imports = faq.length > 0 ? ['--faq', ...faq] : [];
  const child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data', data, ...args, ...imports], {
    cwd: checkout,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  test.after(async () => {
    child.kill();
    await once(child, 'exit');
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const url = line.replace('listening on ', '');
  const call = async (method, address, json, headers = {}) => {
    const body = json === undefined ? undefined : JSON.stringify(json);
    const response = await fetch(url + address, { method, body, headers: { 'content-type': 'application/json', ...headers } });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text ? JSON.parse(text) : null };
  };
  return { url, data, call };
}

/** Starts the browser; stopped when the test is over. */
export async function startBrowser(test) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  test.after(() => browser.close());
  return browser;
}

/**
 * Opens a page. When the test is over, nothing may have gone wrong on it: no request to elsewhere, no error, nothing
 * that the Content-Security-Policy had to stop.
 */
export async function open(test, browser, url, { allowed = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const origin = new URL(url).origin;
  const wrong = [];
  page.on('request', (request) => {
    const address = request.url();
    if (!address.startsWith(`${origin}/`) && !/^(data|blob):/.test(address)) wrong.push(`request to ${address}`);
  });
  page.on('pageerror', (error) => wrong.push(`error: ${error.stack}`));
  page.on('console', (message) => {
    // Chromium reports each refused request as an error, also one whose refusal the page shows.
    const isExpected = allowed.some((pattern) => pattern.test(message.text()));
    if (['error', 'warning'].includes(message.type()) && !isExpected) wrong.push(`console: ${message.text()}`);
  });
  test.after(async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  await page.goto(url);
  return page;
}

/** Nothing on the page may keep people out: axe-core finds neither a serious nor a critical violation. */
export async function assertAccessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n  ${failureSummary}`).join('\n')}`);
  assert.deepEqual(told, []);
}

/** Waits until `check` returns something true, and returns it. */
export async function eventually(check, what) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = await check();
    if (found) return found;
    assert.ok(Date.now() < deadline, `this did not come about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
