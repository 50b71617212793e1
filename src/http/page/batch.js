// Many labelled questions at once: what came out, what changed since the last run, and each failure one click away from
// being fixed and tested again.

import { call, withQuery } from './api.js';
import { DraftBar } from './drafts.js';
import { decimal, isEnglish, isKey, percent, t } from './i18n.js';
import { Drawing, Failure } from './parts.js';
import { html, useState } from './vendor/preact-htm.js';

/** @typedef {import('./types').Evaluation} Evaluation */
/** @typedef {{ name: string, queries: import('./types').LabelledQuery[], issues: import('./types').UnusableRow[] }} Questions */

/** Numbers that are shown, and how. @type {[import('./i18n.js').Key, (report: Evaluation) => number | null, boolean][]} */
const NUMBERS = [
  ['batch.hit1', (report) => report.hit_at_1, true],
  ['batch.hit3', (report) => report.hit_at_3, true],
  ['batch.mrr', (report) => report.mrr_at_10, true],
  ['batch.coverage', (report) => report.calibration.coverage_at_5pct_wrong, true],
  ['batch.wrong', (report) => report.calibration.wrong_answer_rate, false],
];

/** Kept while the page is open, so that fixing an entry does not lose them. @type {{ questions: Questions | null, runs: Evaluation[] }} */
const kept = { questions: null, runs: [] };

export function Batch() {
  const [questions, setQuestions] = useState(kept.questions);
  const [runs, setRuns] = useState(kept.runs);
  const [draft, setDraft] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  /** @param {() => Promise<void>} work */
  const working = async (work) => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  /** @param {Questions} questions @param {Evaluation[]} before */
  const run = async (questions, before) => {
    const json = { queries: questions.queries, figures: isEnglish() ? 'en' : 'zh' };
    const report = await call('POST', withQuery('/v1/evaluations', { draft: draft || null }), { json });
    kept.runs = [report, ...before].slice(0, 2);
    setRuns(kept.runs);
  };
  /** @param {File | undefined} file */
  const open = (file) =>
    file &&
    working(async () => {
      const path = withQuery('/v1/evaluations/questions', { file: file.name });
      const read = await call('POST', path, { file, headers: { 'content-type': 'application/octet-stream' } });
      kept.questions = { name: file.name, ...read };
      kept.runs = [];
      setQuestions(kept.questions);
      setRuns([]);
      if (read.queries.length > 0) await run({ name: file.name, ...read }, []);
    });
  const again = () => questions && working(() => run(questions, runs));
  const [report, before] = runs;
  return html`
    <${DraftBar} onChange=${again} />
    <div class="row">
      <label class="secondary upload">${questions ? questions.name : t('batch.choose')}
        <input type="file" class="hidden" accept=".xlsx,.csv,.tsv,.jsonl"
          onChange=${(/** @type {{ target: HTMLInputElement }} */ event) => {
            open(event.target.files?.[0]);
            event.target.value = '';
          }} />
      </label>
      <label class="check"><input type="checkbox" checked=${draft} onChange=${(/** @type {{ target: HTMLInputElement }} */ event) => setDraft(event.target.checked)} />${t('batch.draft')}</label>
      ${questions && html`<button class="primary" disabled=${busy} onClick=${again}>${t('batch.again')}</button>`}
      <span class="muted" role="status">${busy ? t('batch.running') : report ? t('batch.done', { count: report.queries }) : ''}</span>
    </div>
    ${!questions && html`<p class="muted">${t('batch.columns')}</p>`}
    ${questions && questions.issues.length > 0 && html`<details class="note"><summary>${t('batch.issues', { count: questions.issues.length })}</summary><ul>${questions.issues.slice(0, 50).map((issue) => html`<li><strong>${t('transfer.line', { line: issue.row })}</strong> ${sentence(issue)}</li>`)}</ul></details>`}
    <${Failure} error=${error} />
    ${report && html`<${Report} report=${report} before=${before} again=${again} />`}
  `;
}

/** Why a row cannot be used, in the page's words where it has them. @param {import('./types').UnusableRow} issue */
function sentence({ kind, value = '', message }) {
  const [key, column] = [`row.${kind}`, `row.column.${value}`];
  return isKey(key) ? t(key, { value: isKey(column) ? t(column) : value }) : message;
}

/** @param {{ report: Evaluation, before?: Evaluation, again: () => unknown }} properties */
function Report({ report, before, again }) {
  return html`
    <dl class="tiles">${NUMBERS.map(([name, read, isGoodWhenHigh]) => {
      const [now, then] = [read(report), before ? read(before) : null];
      const change = now !== null && then !== null ? now - then : 0;
      const direction = change === 0 ? '' : change > 0 === isGoodWhenHigh ? 'good' : 'bad';
      return html`<div key=${name}><dt>${t(name)}</dt><dd>${now === null ? '—' : percent(now)}
        ${before && html`<small class=${direction}>${change === 0 ? '±0' : `${change > 0 ? '+' : '−'}${decimal(Math.abs(change) * 100, 1)}`}</small>`}</dd></div>`;
    })}</dl>
    <div class="plots">${report.figures.map(({ kind, svg }) => html`<${Plot} key=${kind} kind=${kind} svg=${svg} />`)}</div>
    <h2>${t('batch.failures', { count: report.failures.length })}</h2>
    ${report.failures.length === 0 && html`<p class="empty">${t('batch.none')}</p>`}
    <ul class="failures">${report.failures.map((failure) => html`<${Failed} key=${failure.query} failure=${failure} names=${report.entry_questions} again=${again} />`)}</ul>`;
}

/** @param {import('./types').Evaluation['figures'][number]} properties */
function Plot({ kind, svg }) {
  const [name, note] = [t(`plot.${kind}`), t(`plot.${kind}.note`)];
  return html`<figure class="card plot">
    <figcaption>${name}<small>${note}</small></figcaption>
    <${Drawing} svg=${svg} name=${name} />
  </figure>`;
}

/** @param {{ failure: import('./types').FailedQuestion, names: Record<string, string>, again: () => unknown }} properties */
function Failed({ failure, names, again }) {
  const [fixed, setFixed] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const { query, first, relevant, kind } = failure;
  const wanted = relevant[0];
  /** Adds the question to one of an entry's lists, and tests again. @param {string} id @param {'similar' | 'negative'} list */
  const add = async (id, list) => {
    setError(null);
    try {
      const path = `/v1/entries/${encodeURIComponent(id)}`;
      const entry = await call('GET', path);
      if (!entry[list].includes(query)) {
        const headers = { 'if-match': `"${entry.revision}"`, 'content-type': 'application/merge-patch+json' };
        await call('PATCH', path, { json: { [list]: [...entry[list], query] }, headers });
      }
      setFixed(true);
      again();
    } catch (failure) {
      setError(failure);
    }
  };
  return html`<li class="card">
    <div class="row"><strong class="grow">${query}</strong><span class="bad">${t(`batch.${kind}`)}</span></div>
    <p class="muted">${t('batch.expected', { entry: relevant.map((id) => names[id] ?? id).join('、') })}<br />
      ${t('batch.got', { entry: first ? (names[first] ?? first) : '—', share: percent(failure.confidence) })}</p>
    <div class="row">
      ${wanted && html`<button class="secondary" disabled=${fixed} onClick=${() => add(wanted, 'similar')}>${t('batch.similar')}</button>`}
      ${first && !relevant.includes(first) && html`<button class="secondary" disabled=${fixed} onClick=${() => add(first, 'negative')}>${t('batch.negative')}</button>`}
      <a class="secondary" href=${`/admin/entries?new&question=${encodeURIComponent(query)}`}>${t('entries.new')}</a>
      <a class="quiet" href=${`/admin/test?q=${encodeURIComponent(query)}`}>${t('batch.look')}</a>
    </div>
    <${Failure} error=${error} />
  </li>`;
}
