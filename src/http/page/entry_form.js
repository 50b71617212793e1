// One entry: its questions, its answer with a preview, and what would become of other questions.

import { call } from './api.js';
import { AnswerField } from './entry_answer.js';
import { Checked } from './entry_check.js';
import { ChangeList } from './history.js';
import { EMPTY, entryOf, fieldsOf } from './entry_fields.js';
import { t } from './i18n.js';
import { Failure } from './parts.js';
import { go, parameter } from './places.js';
import { html, useEffect, useState } from './vendor/preact-htm.js';

/**
 * Whether the draft holds the entry: not at all, as it shall be, or to be removed.
 * @typedef {'no' | 'changed' | 'removed'} Staged
 */

/**
 * The entry as it is edited further: what is staged of it, else what is published.
 * @param {string} id
 * @param {string} path
 * @returns {Promise<{ entry: import('./types').Entry, staged: Staged }>}
 */
async function read(id, path) {
  /** @type {{ drafts: import('./types').Draft[] }} */
  const { drafts } = await call('GET', '/v1/draft');
  const draft = drafts.find((draft) => draft.id === id);
  const staged = !draft ? 'no' : draft.entry ? 'changed' : 'removed';
  const entry = await call('GET', staged === 'changed' ? `${path}?draft=true` : path);
  return { entry, staged };
}

/** @param {{ id: string | null, questions: string[] }} properties */
export function EntryForm({ id, questions }) {
  // A new entry may answer a group of unanswered questions.
  const group = parameter('group');
  const [question = '', ...similar] = questions;
  const [fields, setFields] = useState(id === null ? { ...EMPTY, question, similar: similar.join('\n') } : null);
  const [revision, setRevision] = useState('*');
  const [staged, setStaged] = useState(/** @type {Staged} */ ('no'));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const [busy, setBusy] = useState(false);
  const path = id === null ? '/v1/entries' : `/v1/entries/${encodeURIComponent(id)}`;

  const load = async () => {
    if (id === null) return;
    try {
      const found = await read(id, path);
      setFields(fieldsOf(found.entry));
      setRevision(`"${found.entry.revision}"`);
      setStaged(found.staged);
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => {
    load();
  }, []);

  /** @param {() => Promise<unknown>} work */
  const leaveAfter = async (work) => {
    setBusy(true);
    setError(null);
    try {
      await work();
      go('/admin/entries');
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const headers = { 'if-match': revision };
  /** @param {import('./entry_fields.js').Fields} fields @param {boolean} draft */
  const save = (fields, draft) => {
    const address = draft ? `${path}?draft=true` : path;
    const entry = entryOf(fields);
    if (id !== null) return leaveAfter(() => call('PUT', address, { json: entry, headers }));
    if (group !== null && !draft) return leaveAfter(() => call('POST', `/v1/unanswered/${group}/accept`, { json: { entry } }));
    return leaveAfter(() => call('POST', address, { json: entry }));
  };
  const remove = () => {
    if (confirm(t('entry.confirm'))) leaveAfter(() => call('DELETE', path, { headers }));
  };
  const discard = () => leaveAfter(() => call('DELETE', `/v1/draft/${encodeURIComponent(id ?? '')}`));
  if (!fields) return html`<main class="admin" id="main"><${Failure} error=${error} retry=${load} /></main>`;
  /** @param {Partial<import('./entry_fields.js').Fields>} change */
  const change = (change) => setFields((before) => before && { ...before, ...change });
  /** @param {Event} event */
  const onSubmit = (event) => {
    event.preventDefault();
    // A draft is changed as a draft: publishing it is a step of its own.
    if (staged !== 'removed') save(fields, staged === 'changed');
  };
  return html`<main class="admin" id="main">
    <a class="back" href="/admin/entries">‹ ${t('entries.title')}</a>
    <h1>${id === null ? t('entries.new') : t('entry.title')}${id !== null && html` <small>${id}</small>`}</h1>
    ${staged !== 'no' && html`<${StagedNote} staged=${staged} busy=${busy} discard=${discard} />`}
    <form class="two" onSubmit=${onSubmit}>
      <div class="fields">
        <${Text} label=${t('field.question')} value=${fields.question} required onText=${(/** @type {string} */ question) => change({ question })} />
        <${Text} label=${t('field.similar')} hint=${t('field.lines')} rows="4" value=${fields.similar} onText=${(/** @type {string} */ similar) => change({ similar })} />
        <${Text} label=${t('field.negative')} hint=${t('field.negative.hint')} rows="2" value=${fields.negative} onText=${(/** @type {string} */ negative) => change({ negative })} />
        <${AnswerField} value=${fields.answer} onText=${(/** @type {string} */ answer) => change({ answer })} />
        <div class="pair">
          <${Text} label=${t('field.category')} hint=${t('field.category.hint')} value=${fields.category} onText=${(/** @type {string} */ category) => change({ category })} />
          <${Text} label=${t('field.tags')} hint=${t('field.tags.hint')} value=${fields.tags} onText=${(/** @type {string} */ tags) => change({ tags })} />
          <${Text} label=${t('field.from')} type="date" value=${fields.valid_from} onText=${(/** @type {string} */ valid_from) => change({ valid_from })} />
          <${Text} label=${t('field.until')} type="date" value=${fields.valid_until} onText=${(/** @type {string} */ valid_until) => change({ valid_until })} />
        </div>
        <label class="check"><input type="checkbox" checked=${fields.enabled}
          onChange=${(/** @type {{ target: HTMLInputElement }} */ event) => change({ enabled: event.target.checked })} />${t('field.enabled')}</label>
        <${Failure} error=${error} retry=${id !== null && load} />
        <div class="row actions">
          ${staged !== 'removed' && html`<button class="primary" disabled=${busy}>${t(staged === 'no' ? 'entry.save' : 'entry.draft')}</button>`}
          ${staged === 'no' && html`<button type="button" class="secondary" disabled=${busy || !fields.question.trim()} onClick=${() => save(fields, true)}>${t('entry.draft')}</button>`}
          <a class="secondary" href="/admin/entries">${t('cancel')}</a>
          ${id !== null && staged === 'no' && html`<button type="button" class="secondary danger" disabled=${busy} onClick=${remove}>${t('entry.delete')}</button>`}
        </div>
      </div>
      <${Checked} id=${id} fields=${fields} />
    </form>
    ${id !== null && html`<section><h2>${t('history.title')}</h2><${ChangeList} entry=${id} onChange=${load} /></section>`}
  </main>`;
}

/**
 * Says that what is shown is not what is published, and offers to drop it.
 * @param {{ staged: 'changed' | 'removed', busy: boolean, discard: () => void }} properties
 */
function StagedNote({ staged, busy, discard }) {
  return html`<section class="note" aria-label=${t('draft.title')}>
    <p><strong>${t('draft.title')}</strong> ${t(`draft.${staged}`)}</p>
    <button type="button" class="secondary" disabled=${busy} onClick=${discard}>${t('draft.discard.one')}</button>
  </section>`;
}

/**
 * A field with its label.
 * @param {{ label: string, hint?: string, value: string, type?: string, rows?: string, required?: boolean, onText: (text: string) => void }} properties
 */
function Text({ label, hint, value, type = 'text', rows, required, onText }) {
  const onInput = (/** @type {{ target: HTMLInputElement | HTMLTextAreaElement }} */ event) => onText(event.target.value);
  return html`<label class="field"><span>${label}${hint && html` <small>${hint}</small>`}</span>
    ${
      rows
        ? html`<textarea rows=${rows} value=${value} onInput=${onInput} />`
        : html`<input type=${type} value=${value} required=${required} onInput=${onInput} />`
    }
  </label>`;
}
