// The table of all entries: found by words, filtered, page by page.

import { call, withQuery } from './api.js';
import { DraftBar } from './drafts.js';
import { EntryForm } from './entry_form.js';
import { History } from './history.js';
import { day, decimal, t } from './i18n.js';
import { Failure, Icon } from './parts.js';
import { go, parameter } from './places.js';
import { Transfer } from './transfer.js';
import { html, useEffect, useState } from './vendor/preact-htm.js';

const PAGE = 50;

export function Entries() {
  const [id, isNew] = [parameter('id'), parameter('new')];
  if (isNew !== null) {
    const questions = new URLSearchParams(location.search).getAll('question');
    return html`<${EntryForm} key="new" id=${null} questions=${questions} />`;
  }
  return id === null ? html`<${Table} />` : html`<${EntryForm} key=${id} id=${id} questions=${[]} />`;
}

/** @typedef {{ q: string, category: string, tag: string, enabled: string }} Filter */

/** Entries that pass the filter, a page at a time. @param {Filter} filter */
function useEntries(filter) {
  const [page, setPage] = useState(/** @type {import('./types').EntryPage | null} */ (null));
  const [cursors, setCursors] = useState(/** @type {(number | undefined)[]} */ ([undefined]));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const [times, setTimes] = useState(0);
  const key = JSON.stringify(filter);
  useEffect(() => setCursors([undefined]), [key]);
  useEffect(() => {
    const controller = new AbortController();
    const path = withQuery('/v1/entries', { ...filter, limit: PAGE, cursor: cursors.at(-1) });
    const load = async () => {
      try {
        setPage(await call('GET', path, { signal: controller.signal }));
        setError(null);
      } catch (failure) {
        if (!controller.signal.aborted) setError(failure);
      }
    };
    const soon = setTimeout(load, 150);
    return () => {
      clearTimeout(soon);
      controller.abort();
    };
  }, [key, cursors, times]);
  return { page, cursors, setCursors, error, reload: () => setTimes((count) => count + 1) };
}

function Table() {
  const [filter, setFilter] = useState(/** @type {Filter} */ ({ q: '', category: '', tag: '', enabled: '' }));
  const { page, cursors, setCursors, error, reload } = useEntries(filter);
  const [shown, setShown] = useState(/** @type {'transfer' | 'history' | null} */ (null));
  /** @param {Partial<Filter>} change */
  const change = (change) => setFilter((before) => ({ ...before, ...change }));
  const next = page?.next_cursor;
  return html`<main class="admin" id="main">
    <div class="heading">
      <h1>${t('entries.title')}${page && html` <small>${decimal(page.total)}</small>`}</h1>
      <div class="row">
        <button class="secondary" onClick=${() => setShown('history')}>${t('history.title')}</button>
        <button class="secondary" onClick=${() => setShown('transfer')}>${t('transfer.title')}</button>
        <a class="primary" href="/admin/entries?new"><${Icon} name="plus" />${t('entries.new')}</a>
      </div>
    </div>
    <${DraftBar} onChange=${reload} />
    <div class="toolbar" role="search">
      <input type="search" aria-label=${t('entries.search')} placeholder=${t('entries.search')} value=${filter.q}
        onInput=${(/** @type {{ target: HTMLInputElement }} */ event) => change({ q: event.target.value })} />
      <select aria-label=${t('entries.state')} value=${filter.enabled}
        onChange=${(/** @type {{ target: HTMLSelectElement }} */ event) => change({ enabled: event.target.value })}>
        <option value="">${t('entries.all')}</option>
        <option value="true">${t('entries.enabled')}</option>
        <option value="false">${t('entries.disabled')}</option>
      </select>
      ${filter.category && html`<button class="choice" onClick=${() => change({ category: '' })}>${filter.category}<${Icon} name="close" /></button>`}
      ${filter.tag && html`<button class="choice" onClick=${() => change({ tag: '' })}>#${filter.tag}<${Icon} name="close" /></button>`}
    </div>
    <${Failure} error=${error} retry=${reload} />
    ${page && (page.entries.length > 0 ? html`<${Rows} entries=${page.entries} change=${change} />` : html`<p class="empty">${t('entries.none')}</p>`)}
    ${
      page &&
      (cursors.length > 1 || next !== undefined) &&
      html`<nav class="pages" aria-label=${t('entries.pages')}>
        <button class="secondary" disabled=${cursors.length === 1} onClick=${() => setCursors(cursors.slice(0, -1))}>${t('entries.previous')}</button>
        <span class="muted">${t('entries.page', { page: cursors.length, pages: Math.ceil(page.total / PAGE) })}</span>
        <button class="secondary" disabled=${next === undefined} onClick=${() => setCursors([...cursors, next])}>${t('entries.next')}</button>
      </nav>`
    }
    ${shown === 'transfer' && html`<${Transfer} onClose=${() => setShown(null)} onChange=${reload} />`}
    ${shown === 'history' && html`<${History} onClose=${() => setShown(null)} onChange=${reload} />`}
  </main>`;
}

/** @param {{ entries: import('./types').Entry[], change: (filter: Partial<Filter>) => void }} properties */
function Rows({ entries, change }) {
  /** @param {MouseEvent} event @param {string} id */
  const onRow = (event, id) => {
    if (event.target instanceof Element && !event.target.closest('a, button')) go(address(id));
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t('entries.title')}><table class="list">
    <thead><tr><th>${t('field.question')}</th><th>${t('field.category')}</th><th class="wide">${t('field.updated')}</th><th class="wide">${t('field.state')}</th></tr></thead>
    <tbody>
      ${entries.map(
        (entry) => html`<tr key=${entry.id} onClick=${(/** @type {MouseEvent} */ event) => onRow(event, entry.id)}>
          <td>
            <a href=${address(entry.id)}>${entry.question}</a>
            <small>${entry.id}${entry.similar.length > 0 && ` · ${t('entries.similar', { count: entry.similar.length })}`}
              ${entry.tags.map((tag) => html` <button class="tag" key=${tag} onClick=${() => change({ tag })}>#${tag}</button>`)}</small>
          </td>
          <td>${entry.category.length > 0 && html`<button class="tag" onClick=${() => change({ category: entry.category.join('/') })}>${entry.category.join(' / ')}</button>`}</td>
          <td class="wide">${entry.updated_at && day(entry.updated_at)}</td>
          <td class="wide"><${State} entry=${entry} /></td>
        </tr>`,
      )}
    </tbody>
  </table></div>`;
}

/** @param {{ entry: import('./types').Entry }} properties */
function State({ entry }) {
  const today = new Date().toLocaleDateString('sv');
  if (!entry.enabled) return html`<span class="muted">${t('entries.disabled')}</span>`;
  if (entry.valid_from && entry.valid_from > today) return html`<span class="muted">${t('entries.later', { day: entry.valid_from })}</span>`;
  if (entry.valid_until && entry.valid_until < today) return html`<span class="muted">${t('entries.over', { day: entry.valid_until })}</span>`;
  return html`<span class="good">${t('entries.enabled')}</span>`;
}

/** @param {string} id */
function address(id) {
  return withQuery('/admin/entries', { id });
}
