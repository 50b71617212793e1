// Files in and out. Nothing is imported before its report was read.

import { call, withQuery } from './api.js';
import { space } from './device.js';
import { isKey, t } from './i18n.js';
import { Dialog, Failure } from './parts.js';
import { html, useState } from './vendor/preact-htm.js';

const PRESETS = /** @type {const} */ ([
  ['', 'transfer.detect'],
  ['maxkb', 'MaxKB'],
  ['fastgpt', 'FastGPT'],
  ['dify', 'Dify'],
  ['qna-maker', 'QnA Maker'],
  ['qnabot', 'QnABot'],
  ['wechat', 'transfer.wechat'],
  ['weknora', 'WeKnora'],
]);
const FORMATS = /** @type {const} */ (['xlsx', 'csv', 'jsonl', 'markdown']);

/** @param {{ onClose: () => void, onChange: () => void }} properties */
export function Transfer({ onClose, onChange }) {
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [preset, setPreset] = useState('');
  const [overwrite, setOverwrite] = useState(false);
  const [report, setReport] = useState(/** @type {import('./types').Imported | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));

  /** @param {File | null} file @param {{ preset: string, overwrite: boolean }} how @param {boolean} dryRun */
  const send = async (file, how, dryRun) => {
    if (!file) return;
    setBusy(true);
    setError(null);
    try {
      const path = withQuery('/v1/import', { file: file.name, ...how, dry_run: dryRun });
      setReport(await call('POST', path, { file, headers: { 'content-type': 'application/octet-stream' } }));
      if (!dryRun) onChange();
    } catch (failure) {
      setReport(null);
      setError(failure);
    }
    setBusy(false);
  };
  return html`<${Dialog} label=${t('transfer.title')} onClose=${onClose}>
    <div class="transfer">
      <h2>${t('transfer.import')}</h2>
      <p class="muted">${t('transfer.kinds')}</p>
      <div class="row">
        <label class="secondary upload">${file ? file.name : t('transfer.choose')}
          <input type="file" class="hidden" accept=".md,.markdown,.docx,.html,.htm,.csv,.tsv,.xlsx,.json,.jsonl,.zip"
            onChange=${(/** @type {{ target: HTMLInputElement }} */ event) => {
              const chosen = event.target.files?.[0] ?? null;
              setFile(chosen);
              send(chosen, { preset, overwrite }, true);
            }} />
        </label>
        <select aria-label=${t('transfer.preset')} value=${preset}
          onChange=${(/** @type {{ target: HTMLSelectElement }} */ event) => {
            setPreset(event.target.value);
            send(file, { preset: event.target.value, overwrite }, true);
          }}>
          ${PRESETS.map(([value, name]) => html`<option value=${value}>${name.startsWith('transfer.') ? t(/** @type {import('./i18n.js').Key} */ (name)) : name}</option>`)}
        </select>
      </div>
      <${Failure} error=${error} />
      ${busy && html`<p class="muted" role="status">${t('transfer.reading')}</p>`}
      ${report && !busy && html`<${Report} report=${report} />`}
      ${
        report?.dry_run &&
        (report.kept.length > 0 || overwrite) &&
        html`<label class="check"><input type="checkbox" checked=${overwrite}
          onChange=${(/** @type {{ target: HTMLInputElement }} */ event) => {
            setOverwrite(event.target.checked);
            send(file, { preset, overwrite: event.target.checked }, true);
          }} />${t('transfer.overwrite')}</label>`
      }
      ${report?.dry_run && html`<button class="primary" disabled=${busy} onClick=${() => send(file, { preset, overwrite }, false)}>${t('transfer.apply')}</button>`}
      <h2>${t('transfer.export')}</h2>
      <div class="row">
        ${FORMATS.map((format) => html`<a class="secondary" key=${format} href=${withQuery('/v1/export', { format, space: space() })} download>${format.toUpperCase()}</a>`)}
        <a class="secondary" href=${withQuery('/v1/export', { format: 'markdown', pictures: true, space: space() })} download>${t('transfer.pictures')}</a>
      </div>
    </div>
  <//>`;
}

/** @param {{ report: import('./types').Imported }} properties */
function Report({ report: { dry_run, counts, report, added, changed, removed, kept, failed_rows } }) {
  const address = failed_rows && `data:text/csv;charset=utf-8,${encodeURIComponent(`\uFEFF${failed_rows.replace(/^\uFEFF/, '')}`)}`;
  const issues = report.issues.slice(0, 50);
  return html`<div class="report" role="status">
    <p><strong>${dry_run ? t('transfer.would') : t('transfer.done')}</strong>
      ${t('transfer.counts', { ...counts, failed: report.failed, skipped: report.skipped })}</p>
    ${removed.length > 0 && html`<p class="warn">${t('transfer.removed')}${removed.slice(0, 10).join('、')}${removed.length > 10 && '…'}</p>`}
    ${kept.length > 0 && html`<p class="muted">${t('transfer.kept')}${kept.slice(0, 10).join('、')}${kept.length > 10 && '…'}</p>`}
    <details><summary>${t('transfer.ids')}</summary><p class="muted">${[...added.map((id) => `+ ${id}`), ...changed.map(({ id, fields }) => `~ ${id} (${fields.join(', ')})`)].slice(0, 200).join('　') || '—'}</p></details>
    ${
      issues.length > 0 &&
      html`<ul class="issues">${issues.map(
        (issue) => html`<li class=${issue.severity === 'error' ? 'bad' : 'warn'}>
          ${issue.line !== null && html`<strong>${issue.sheet ? `${issue.sheet} ` : ''}${t('transfer.line', { line: issue.line })}</strong> `}${sentence(issue)}
        </li>`,
      )}</ul>`
    }
    ${address && html`<a class="secondary" href=${address} download="failed-rows.csv">${t('transfer.failed')}</a>`}
  </div>`;
}

/** What an issue says, in the page's words where it has them. @param {import('./types').ImportIssue} issue */
function sentence({ kind, message }) {
  const key = `issue.${kind}`;
  if (!isKey(key)) return message;
  const about = quoted(message);
  if (about === null && t(key).includes('{about}')) return message;
  return t(key, { about: about ?? '' });
}

/** The question, picture or name that a message quotes first, or the id that it is about. @param {string} message @returns {string | null} */
function quoted(message) {
  const id = /^the id (\S+) is /.exec(message)?.[1];
  if (id !== undefined) return id.replace(/^"|"$/g, '');
  const found = /"(?:[^"\\]|\\.)*"/.exec(message)?.[0];
  if (found === undefined) return null;
  try {
    return JSON.parse(found);
  } catch {
    // Quoted in a way that JSON does not have.
    return found.slice(1, -1);
  }
}
