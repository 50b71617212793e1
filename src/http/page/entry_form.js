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

/** @param {{ id: string | null, questions: string[] }} properties */
export function EntryForm({ id, questions }) {
  // A new entry may answer a group of unanswered questions.
  const group = parameter('group');
  const [question = '', ...similar] = questions;
  const [fields, setFields] = useState(id === null ? { ...EMPTY, question, similar: similar.join('\n') } : null);
  const [revision, setRevision] = useState('*');
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const [busy, setBusy] = useState(false);
  const path = id === null ? '/v1/entries' : `/v1/entries/${encodeURIComponent(id)}`;

  const load = async () => {
    try {
      const entry = await call('GET', path);
      setFields(fieldsOf(entry));
      setRevision(`"${entry.revision}"`);
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => {
    if (id !== null) load();
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
  if (!fields) return html`<main class="admin" id="main"><${Failure} error=${error} retry=${load} /></main>`;
  /** @param {Partial<import('./entry_fields.js').Fields>} change */
  const change = (change) => setFields((before) => before && { ...before, ...change });
  /** @param {Event} event */
  const onSubmit = (event) => {
    event.preventDefault();
    save(fields, false);
  };
  return html`<main class="admin" id="main">
    <a class="back" href="/admin/entries">‹ ${t('entries.title')}</a>
    <h1>${id === null ? t('entries.new') : t('entry.title')}${id !== null && html` <small>${id}</small>`}</h1>
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
          <button class="primary" disabled=${busy}>${t('entry.save')}</button>
          <button type="button" class="secondary" disabled=${busy || !fields.question.trim()} onClick=${() => save(fields, true)}>${t('entry.draft')}</button>
          <a class="secondary" href="/admin/entries">${t('cancel')}</a>
          ${id !== null && html`<button type="button" class="secondary danger" disabled=${busy} onClick=${remove}>${t('entry.delete')}</button>`}
        </div>
      </div>
      <${Checked} id=${id} fields=${fields} />
    </form>
    ${id !== null && html`<section><h2>${t('history.title')}</h2><${ChangeList} entry=${id} onChange=${load} /></section>`}
  </main>`;
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
