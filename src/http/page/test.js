// Testing: one question with everything that decided, or many with what came out.

import { ask } from './api.js';
import { Batch } from './batch.js';
import { decimal, percent, t } from './i18n.js';
import { Failure, Marked } from './parts.js';
import { parameter } from './places.js';
import { html, useEffect, useState } from './vendor/preact-htm.js';

export function Test() {
  const [many, setMany] = useState(parameter('many') !== null);
  return html`<main class="admin" id="main">
    <div class="heading"><h1>${t('test.title')}</h1>
      <div class="row" role="group" aria-label=${t('test.title')}>
        <button class="choice" aria-pressed=${!many} onClick=${() => setMany(false)}>${t('test.one')}</button>
        <button class="choice" aria-pressed=${many} onClick=${() => setMany(true)}>${t('test.many')}</button>
      </div>
    </div>
    ${many ? html`<${Batch} />` : html`<${One} />`}
  </main>`;
}

/** What would be decided with other thresholds. @param {import('./types').Verdict} verdict @param {import('./types').Thresholds} thresholds */
export function decide(verdict, thresholds) {
  const explanation = verdict.explanation;
  const best = explanation?.best?.confidence ?? 0;
  if (!explanation?.best) return 'no_answer';
  // An entry that says the opposite is never the answer, whatever the thresholds are.
  if (best >= thresholds.answer && explanation.reason !== 'opposed') return 'answer';
  return best >= thresholds.clarify ? 'clarify' : 'no_answer';
}

function One() {
  const [text, setText] = useState(parameter('q') ?? '');
  const [verdict, setVerdict] = useState(/** @type {import('./types').Verdict | null} */ (null));
  const [thresholds, setThresholds] = useState(/** @type {import('./types').Thresholds | null} */ (null));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  useEffect(() => {
    const query = text.trim();
    if (!query) return setVerdict(null);
    const controller = new AbortController();
    const test = async () => {
      try {
        const found = await ask(query, { record: false, topK: 5, signal: controller.signal });
        setVerdict(found);
        setThresholds((known) => known ?? found.explanation?.thresholds ?? null);
        setError(null);
      } catch (failure) {
        if (!controller.signal.aborted) setError(failure);
      }
    };
    const soon = setTimeout(test, 200);
    return () => {
      clearTimeout(soon);
      controller.abort();
    };
  }, [text]);
  const own = verdict?.explanation?.thresholds;
  return html`
    <input type="search" class="large" aria-label=${t('ask.box')} placeholder=${t('test.question')} value=${text} autofocus
      onInput=${(/** @type {{ target: HTMLInputElement }} */ event) => setText(event.target.value)} />
    <${Failure} error=${error} />
    ${
      verdict &&
      html`<section class="card">
        <h2>${t(`decision.${verdict.decision}`)}</h2>
        <p>${verdict.explanation?.sentence}</p>
        <p class="muted">${t('test.took', { time: decimal(verdict.took_ms, 1), version: verdict.index_version, model: verdict.model })}</p>
        ${
          thresholds &&
          own &&
          html`<fieldset class="sliders"><legend>${t('test.whatIf')}</legend>
            ${/** @type {const} */ (['answer', 'clarify']).map(
              (name) => html`<label key=${name}>${t(`test.${name}`)} <output>${decimal(thresholds[name], 2)}</output>
                <input type="range" min="0" max="1" step="0.01" value=${thresholds[name]}
                  onInput=${(/** @type {{ target: HTMLInputElement }} */ event) => setThresholds({ ...thresholds, [name]: Number(event.target.value) })} /></label>`,
            )}
            <p role="status"><strong>${t('test.would', { decision: t(`decision.${decide(verdict, thresholds)}`) })}</strong>
              ${(thresholds.answer !== own.answer || thresholds.clarify !== own.clarify) && html` <button class="quiet" onClick=${() => setThresholds(own)}>${t('test.reset')}</button>`}</p>
          </fieldset>`
        }
      </section>
      <ol class="matches">${verdict.matches.map((found) => html`<${Candidate} key=${found.id} found=${found} />`)}</ol>`
    }`;
}

/** @param {{ found: import('./types').Match }} properties */
function Candidate({ found }) {
  const { explanation } = found;
  return html`<li class="card">
    <div class="row"><h3 class="grow"><a href=${`/admin/entries?id=${encodeURIComponent(found.id)}`}>${found.question}</a></h3><strong>${percent(found.confidence)}</strong></div>
    <div class="bar" aria-hidden="true"><svg viewBox="0 0 100 4" preserveAspectRatio="none"><rect width=${found.confidence * 100} height="4" /></svg></div>
    ${explanation && html`<p class="muted">${t('answer.matched')}<${Marked} marked=${explanation.phrasing} /></p>`}
    <p class="scores">${Object.entries(found.scores).map(([name, value]) => html`<span key=${name}>${name} <strong>${decimal(value, 3)}</strong></span>`)}</p>
    ${explanation && explanation.contrasts.length > 0 && html`<p class="warn">${t('test.contrasts')}${explanation.contrasts.join('、')}</p>`}
    ${
      explanation &&
      html`<details><summary>${t('test.parts', { score: decimal(explanation.score, 3) })}</summary>
        <table class="list"><thead><tr><th>${t('test.part')}</th><th class="number">${t('test.value')}</th><th class="number">${t('test.weight')}</th><th class="number">${t('test.contribution')}</th></tr></thead>
        <tbody>${explanation.features.map(
          ({ name, value, weight, contribution }) => html`<tr key=${name}><td>${name}</td><td class="number">${decimal(value, 3)}</td><td class="number">${decimal(weight, 3)}</td><td class="number">${decimal(contribution, 3)}</td></tr>`,
        )}</tbody></table></details>`
    }
  </li>`;
}
