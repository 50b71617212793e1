// What is staged and waits to be published.

import { call, withQuery } from './api.js';
import { t } from './i18n.js';
import { Failure } from './parts.js';
import { html, useEffect, useState } from './vendor/preact-htm.js';

/** @param {{ onChange: () => void }} properties */
export function DraftBar({ onChange }) {
  const [drafts, setDrafts] = useState(/** @type {import('./types').Draft[]} */ ([]));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const load = async () => {
    try {
      setDrafts((await call('GET', '/v1/draft')).drafts);
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => {
    load();
  }, []);
  /** @param {string} method @param {string} path */
  const act = async (method, path) => {
    setError(null);
    try {
      await call(method, path);
      await load();
      onChange();
    } catch (failure) {
      setError(failure);
    }
  };
  if (drafts.length === 0) return html`<${Failure} error=${error} />`;
  return html`<section class="note" aria-label=${t('draft.title')}>
      <p>${t('draft.waiting', { count: drafts.length })} <span class="muted">${drafts.slice(0, 3).map(
        ({ entry, id }, nth) => html`${nth > 0 && '、'}<a key=${id} href=${withQuery('/admin/entries', { id })}>${entry?.question ?? `− ${id}`}</a>`,
      )}</span></p>
      <div class="row">
        <button class="secondary" onClick=${() => act('DELETE', '/v1/draft')}>${t('draft.discard')}</button>
        <button class="primary" onClick=${() => act('POST', '/v1/draft/publish')}>${t('draft.publish')}</button>
      </div>
    </section>
    <${Failure} error=${error} />`;
}
