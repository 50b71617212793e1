// What was asked and answered: overall, day by day, entry by entry.

import { call, withQuery } from './api.js';
import { Columns } from './chart.js';
import { day, decimal, percent, t } from './i18n.js';
import { Failure } from './parts.js';
import { html, useEffect, useState } from './vendor/preact-htm.js';

const PERIODS = /** @type {const} */ ([7, 30, 90]);
const ORDERS = /** @type {const} */ (['hits', 'helpful', 'wrong', 'last_used']);
const SHOWN = 20;

/** @typedef {{ status: string, entries: number, index_version: number, model: string }} Ready */

/** Standard questions of the entries that are listed. @param {string[]} ids */
async function questionsOf(ids) {
  const read = async (/** @type {string} */ id) => {
    try {
      return [id, (await call('GET', `/v1/entries/${encodeURIComponent(id)}`)).question];
    } catch {
      return [id, id]; // It is gone; its numbers are not.
    }
  };
  return Object.fromEntries(await Promise.all(ids.map(read)));
}

export function Dashboard() {
  const [days, setDays] = useState(/** @type {number} */ (30));
  const [order, setOrder] = useState(/** @type {typeof ORDERS[number]} */ ('hits'));
  const [numbers, setNumbers] = useState(/** @type {import('./types').Statistics | null} */ (null));
  const [questions, setQuestions] = useState(/** @type {Record<string, string>} */ ({}));
  const [ready, setReady] = useState(/** @type {Ready | null} */ (null));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const load = async () => {
    try {
      const since = new Date(Date.now() - days * 86_400_000).toISOString();
      const found = await call('GET', withQuery('/v1/stats', { since, sort: order, limit: SHOWN }));
      setNumbers(found);
      setError(null);
      setQuestions(await questionsOf(found.entries.map((/** @type {{ id: string }} */ { id }) => id)));
      setReady(await call('GET', '/readyz'));
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => {
    load();
  }, [days, order]);
  return html`<main class="admin" id="main">
    <div class="heading">
      <h1>${t('dashboard.title')}</h1>
      <div class="row" role="group" aria-label=${t('dashboard.period')}>
        ${PERIODS.map((period) => html`<button class="choice" key=${period} aria-pressed=${days === period} onClick=${() => setDays(period)}>${t('dashboard.days', { days: period })}</button>`)}
      </div>
    </div>
    <${Failure} error=${error} retry=${load} />
    ${numbers && html`<${Numbers} numbers=${numbers} />`}
    ${numbers && html`<${Used} numbers=${numbers} questions=${questions} order=${order} setOrder=${setOrder} />`}
    ${ready && html`<p class="muted">${t('dashboard.ready', { entries: ready.entries, version: ready.index_version, model: ready.model })}</p>`}
  </main>`;
}

/** @param {{ numbers: import('./types').Statistics }} properties */
function Numbers({ numbers: { questions, share, feedback, took_ms, days } }) {
  const judged = feedback.helpful + feedback.wrong + feedback.none_of_these;
  return html`
    <dl class="tiles">
      <div><dt>${t('dashboard.questions')}</dt><dd>${decimal(questions.total)}</dd></div>
      <div><dt>${t('dashboard.answered')}</dt><dd>${percent(share.answered)}</dd></div>
      <div><dt>${t('dashboard.clarified')}</dt><dd>${percent(share.clarified)}</dd></div>
      <div><dt>${t('dashboard.unanswered')}</dt><dd>${percent(share.unanswered)}</dd></div>
      <div><dt>${t('dashboard.helpful')}</dt><dd>${judged > 0 ? percent(feedback.helpful / judged) : '—'}<small>${t('dashboard.judged', { count: judged })}</small></dd></div>
      <div><dt>${t('dashboard.took')}</dt><dd>${took_ms ? `${decimal(took_ms.p50, 1)} ms` : '—'}<small>${took_ms && `p99 ${decimal(took_ms.p99, 1)} ms`}</small></dd></div>
    </dl>
    ${
      days.length > 0
        ? html`<section class="card">
            <h2>${t('dashboard.perDay')}</h2>
            <${Columns} days=${days} />
          </section>`
        : html`<p class="empty">${t('dashboard.none')}</p>`
    }`;
}

/**
 * @param {{ numbers: import('./types').Statistics, questions: Record<string, string>, order: typeof ORDERS[number], setOrder: (order: typeof ORDERS[number]) => void }} properties
 */
function Used({ numbers, questions, order, setOrder }) {
  return html`<section>
    <div class="heading"><h2>${t('dashboard.entries')}</h2>
      <label class="row"><span class="muted">${t('dashboard.order')}</span>
        <select value=${order} onChange=${(/** @type {{ target: HTMLSelectElement }} */ event) => setOrder(/** @type {typeof ORDERS[number]} */ (event.target.value))}>
          ${ORDERS.map((name) => html`<option value=${name}>${t(`dashboard.${name}`)}</option>`)}
        </select></label></div>
    <div class="scroll" tabindex="0" role="region" aria-label=${t('dashboard.entries')}><table class="list">
      <thead><tr><th>${t('field.question')}</th><th class="number">${t('dashboard.hits')}</th><th class="number">${t('opinion.helpful')}</th><th class="number">${t('opinion.wrong')}</th><th class="wide">${t('dashboard.last_used')}</th></tr></thead>
      <tbody>${numbers.entries.map(
        ({ id, hits, helpful, wrong, last_used }) => html`<tr key=${id}>
          <td><a href=${withQuery('/admin/entries', { id })}>${questions[id] ?? id}</a></td>
          <td class="number">${decimal(hits)}</td><td class="number">${decimal(helpful)}</td><td class="number">${decimal(wrong)}</td>
          <td class="wide">${last_used ? day(last_used) : '—'}</td>
        </tr>`,
      )}</tbody>
    </table></div>
  </section>`;
}
