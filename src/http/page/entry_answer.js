// The answer of an entry: Markdown, pictures, and how it will look.

import { Rendered } from './answer.js';
import { call } from './api.js';
import { t } from './i18n.js';
import { Failure } from './parts.js';
import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';

/** The answer as it will be shown, a moment after it was typed. @param {string} markdown */
function usePreview(markdown) {
  const [markup, setMarkup] = useState('');
  useEffect(() => {
    const controller = new AbortController();
    const show = async () => {
      try {
        const { html } = await call('POST', '/v1/preview', { json: { markdown }, signal: controller.signal });
        setMarkup(html);
      } catch {
        // The last preview stays; saving says what is wrong.
      }
    };
    const soon = setTimeout(show, 200);
    return () => {
      clearTimeout(soon);
      controller.abort();
    };
  }, [markdown]);
  return markup;
}

/** @param {{ value: string, onText: (text: string) => void }} properties */
export function AnswerField({ value, onText }) {
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const markup = usePreview(value);

  /** Keeps pictures and puts them where the cursor is. @param {Iterable<File>} files */
  const insert = async (files) => {
    setError(null);
    for (const file of files) {
      try {
        const { src } = await call('POST', '/v1/assets', { file, headers: { 'content-type': 'application/octet-stream' } });
        const text = area.current?.value ?? value;
        const at = area.current?.selectionStart ?? text.length;
        const name = file.name.replace(/\.[^.]*$/, '').replace(/[[\]\\]/g, '');
        onText(`${text.slice(0, at)}![${name}](${src})${text.slice(at)}`);
      } catch (failure) {
        setError(failure);
      }
    }
  };
  /** @param {ClipboardEvent | DragEvent} event @param {DataTransfer | null} transfer */
  const take = (event, transfer) => {
    const pictures = [...(transfer?.files ?? [])].filter(({ type }) => type.startsWith('image/'));
    if (pictures.length === 0) return;
    event.preventDefault();
    insert(pictures);
  };
  return html`<div class="answer-field">
    <label class="field"><span>${t('field.answer')} <small>${t('field.answer.hint')}</small></span>
      <textarea ref=${area} rows="9" value=${value}
        onInput=${(/** @type {{ target: HTMLTextAreaElement }} */ event) => onText(event.target.value)}
        onPaste=${(/** @type {ClipboardEvent} */ event) => take(event, event.clipboardData)}
        onDrop=${(/** @type {DragEvent} */ event) => take(event, event.dataTransfer)} />
    </label>
    <label class="secondary upload">${t('field.picture')}
      <input type="file" class="hidden" accept="image/png,image/jpeg,image/gif,image/webp" multiple
        onChange=${(/** @type {{ target: HTMLInputElement }} */ event) => {
          insert([...(event.target.files ?? [])]);
          event.target.value = '';
        }} />
    </label>
    <${Failure} error=${error} />
    <section class="preview" aria-label=${t('field.preview')}><h2>${t('field.preview')}</h2><${Rendered} markup=${markup} /></section>
  </div>`;
}
