// Who changed what, and taking it back.

import { call, withQuery } from './api.js';
import { moment, t } from './i18n.js';
import { Dialog, Failure } from './parts.js';
import { html, useEffect, useState } from './vendor/preact-htm.js';

const FIELDS = /** @type {const} */ (['question', 'similar', 'negative', 'answer', 'category', 'tags', 'enabled', 'valid_from', 'valid_until']);

/** @param {{ onClose: () => void, onChange: () => void }} properties */
export function History({ onClose, onChange }) {
  return html`<${Dialog} label=${t('history.title')} onClose=${onClose}>
    <h2>${t('history.title')}</h2><${ChangeList} onChange=${onChange} />
  <//>`;
}

/** Changes, newest first; of one entry, or of all. @param {{ entry?: string, onChange: () => void }} properties */
export function ChangeList({ entry, onChange }) {
  const [changes, setChanges] = useState(/** @type {import('./types').Change[]} */ ([]));
  const [next, setNext] = useState(/** @type {number | undefined} */ (undefined));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  /** @param {number} [before] */
  const load = async (before) => {
    try {
      const page = await call('GET', withQuery('/v1/history', { entry, before, limit: 20 }));
      setChanges((known) => (before === undefined ? page.changes : [...known, ...page.changes]));
      setNext(page.next_before);
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => {
    load();
  }, [entry]);
  /** @param {number} change */
  const undo = async (change) => {
    setError(null);
    try {
      await call('POST', `/v1/history/${change}/undo`);
      await load();
      onChange();
    } catch (failure) {
      setError(failure);
    }
  };
  return html`<${Failure} error=${error} />
    <ol class="changes">
      ${changes.map(
        (change) => html`<li key=${change.change}>
          <div class="grow">
            <strong>${(change.after ?? change.before)?.question}</strong> <span class="muted">${what(change)}</span>
            <small>${moment(change.at)} · ${change.actor} · ${change.action} · ${t('history.version', { version: change.version })}</small>
            <${Difference} change=${change} />
          </div>
          <button class="secondary" aria-label=${`${t('history.undo')} ${change.change}`} onClick=${() => undo(change.change)}>${t('history.undo')}</button>
        </li>`,
      )}
    </ol>
    ${next !== undefined && html`<button class="quiet" onClick=${() => load(next)}>${t('history.more')}</button>`}`;
}

/** @param {import('./types').Change} change */
function what({ before, after }) {
  return before ? (after ? t('history.changed') : t('history.removed')) : t('history.added');
}

/** The fields that differ, before and after. @param {{ change: import('./types').Change }} properties */
function Difference({ change: { before, after } }) {
  if (!before || !after) return null;
  const differing = FIELDS.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  return html`<details><summary>${differing.map((field) => t(`changed.${field}`)).join('、')}</summary>
    <dl>${differing.map((field) => html`<dt>${t(`changed.${field}`)}</dt><dd><del>${plain(before[field])}</del> <ins>${plain(after[field])}</ins></dd>`)}</dl>
  </details>`;
}

/** @param {unknown} value */
function plain(value) {
  if (Array.isArray(value)) return value.join('\n');
  return value === null || value === undefined ? '' : String(value);
}
