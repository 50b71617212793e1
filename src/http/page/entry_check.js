// While an entry is edited: which entries are near, and which questions that people ask would get another answer.

import { call } from './api.js';
import { entryOf } from './entry_fields.js';
import { percent, t } from './i18n.js';
import { Failure } from './parts.js';
import { html, useEffect, useState } from './vendor/preact-htm.js';

/** Nearer ones than this are worth a look. */
const NEAR = 0.01;

/** @param {{ id: string | null, fields: import('./entry_fields.js').Fields }} properties */
export function Checked({ id, fields }) {
  const [found, setFound] = useState(/** @type {import('./types').Check | null} */ (null));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const entry = entryOf(fields);
  // What the answer looks like changes no ranking worth waiting for at each key.
  const key = JSON.stringify({ ...entry, answer: '' });
  useEffect(() => {
    if (!entry.question) return setFound(null);
    const controller = new AbortController();
    const check = async () => {
      try {
        const json = id === null ? entry : { ...entry, id };
        setFound(await call('POST', '/v1/entries/check', { json, signal: controller.signal }));
        setError(null);
      } catch (failure) {
        if (!controller.signal.aborted) setError(failure);
      }
    };
    const soon = setTimeout(check, 700);
    return () => {
      clearTimeout(soon);
      controller.abort();
    };
  }, [key]);
  const near = found?.near.filter(({ confidence }) => confidence >= NEAR) ?? [];
  return html`<aside class="checked" aria-live="polite">
    <h2>${t('check.near')}</h2>
    ${
      near.length > 0
        ? html`<ul>${near.map(
            ({ id, question, phrasing, confidence }) => html`<li key=${id}>
              <a href=${`/admin/entries?id=${encodeURIComponent(id)}`} target="_blank" rel="noopener">${question}</a>
              <small>${t('check.by', { phrasing, share: percent(confidence) })}</small>
            </li>`,
          )}</ul>`
        : html`<p class="muted">${found ? t('check.near.none') : t('check.wait')}</p>`
    }
    <h2>${t('check.changes')}</h2>
    ${
      found && found.changes.length > 0
        ? html`<ul>${found.changes.map(
            ({ query, before, after }) => html`<li key=${query}>
              ${query}<small>${told(before)} → <strong>${told(after)}</strong></small>
            </li>`,
          )}</ul>`
        : html`<p class="muted">${found ? t('check.changes.none') : t('check.wait')}</p>`
    }
    <${Failure} error=${error} />
  </aside>`;
}

/** @param {import('./types').Answered} answered */
function told({ decision, question }) {
  return decision === 'answer' ? (question ?? '') : t(`decision.${decision}`);
}
