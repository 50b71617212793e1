// What was asked and answered: overall, day by day, entry by entry.

import { call, withQuery } from './api.js';
import { day, decimal, isEnglish, percent, t } from './i18n.js';
import { Drawing, Failure } from './parts.js';
import { html, useEffect, useState } from './vendor/preact-htm.js';

const PERIODS = /** @type {const} */ ([7, 30, 90]);
const ORDERS = /** @type {const} */ (['hits', 'helpful', 'wrong', 'last_used']);
const SHOWN = 20;
const KINDS = /** @type {const} */ (['answered', 'clarified', 'unanswered']);

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
      const found = await call('GET', withQuery('/v1/stats', { since, sort: order, limit: SHOWN, figure: isEnglish() ? 'en' : 'zh' }));
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
    ${numbers &&
    html`<div class="pair">
      <${Wordings} kind="most_asked" wordings=${numbers.most_asked} />
      <${Wordings} kind="slowest" wordings=${numbers.slowest} />
    </div>`}
    ${numbers && html`<${Used} numbers=${numbers} questions=${questions} order=${order} setOrder=${setOrder} />`}
    ${ready && html`<p class="muted">${t('dashboard.ready', { entries: ready.entries, version: ready.index_version, model: ready.model })}</p>`}
  </main>`;
}

/** @param {{ numbers: import('./types').Statistics }} properties */
function Numbers({ numbers: { questions, share, feedback, took_ms, days, days_figure } }) {
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
        ? html`<section class="card days">
            <h2>${t('dashboard.perDay')}</h2>
            <p class="row">${KINDS.map((kind) => html`<span key=${kind} class="legend ${kind}"><i aria-hidden="true" />${t(`dashboard.${kind}`)}</span>`)}</p>
            <div class="scroll" tabindex="0" role="region" aria-label=${t('dashboard.perDay')}><${Drawing} svg=${days_figure} name=${inWords(days)} /></div>
          </section>`
        : html`<p class="empty">${t('dashboard.none')}</p>`
    }`;
}

/** The days in words. @param {import('./types').Statistics['days']} days */
function inWords(days) {
  return days.map(({ day, total, answered, clarified, unanswered }) => `${day}: ${total} (${answered}, ${clarified}, ${unanswered})`).join('; ');
}

/**
 * Questions as they were asked; each leads to what dayi finds for it now.
 * @param {{ kind: 'most_asked' | 'slowest', wordings: import('./types').WordingUsage[] }} properties
 */
function Wordings({ kind, wordings }) {
  if (wordings.length === 0) return null;
  const title = t(`dashboard.${kind}`);
  return html`<section>
    <h2>${title}</h2>
    <div class="scroll" tabindex="0" role="region" aria-label=${title}><table class="list">
      <thead><tr><th>${t('dashboard.questions')}</th><th class="number">${t('dashboard.times')}</th><th class="number">${t('dashboard.longest')}</th></tr></thead>
      <tbody>${wordings.map(
        ({ text, times, slowest_ms }) => html`<tr key=${text}>
          <td><a href=${withQuery('/admin/test', { q: text })}>${text}</a></td>
          <td class="number">${decimal(times)}</td><td class="number">${decimal(slowest_ms, 1)} ms</td>
        </tr>`,
      )}</tbody>
    </table></div>
  </section>`;
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
