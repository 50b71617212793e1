// Small parts that several pages are made of.

import { ApiError, UNREACHABLE } from './api.js';
import { isKey, percent, t } from './i18n.js';
import { html, useEffect, useRef } from './vendor/preact-htm.js';

/** Outlines of the icons, drawn in a box of 24 by 24. */
const ICONS = {
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4 4',
  close: 'm6 6 12 12M18 6 6 18',
  up: 'M7 11v9H4v-9h3Zm0 0 4-8a2.5 2.5 0 0 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3l-1.2 7A2 2 0 0 1 17.8 20H7',
  down: 'M17 13V4h3v9h-3Zm0 0-4 8a2.5 2.5 0 0 1-2.5-2.5V15H5a2 2 0 0 1-2-2.3l1.2-7A2 2 0 0 1 6.2 4H17',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4.2 4.2 0 0 0-6-6l-1 1m2 3.5a4 4 0 0 0-6-.5l-3 3a4.2 4.2 0 0 0 6 6l1-1',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 4v4l3 2',
  chevron: 'm9 6 6 6-6 6',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 8a7 7 0 0 1 14 0',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4m0-12.8L17 7M7 17l-1.4 1.4',
  moon: 'M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5Z',
  plus: 'M12 5v14M5 12h14',
  check: 'm5 12.5 4.5 4.5L19 7.5',
};

/** @param {{ name: keyof typeof ICONS }} properties */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${ICONS[name]} /></svg>`;
}

/**
 * A plot as the service drew it; no word in it comes from a user.
 * @param {{ svg: string, name: string }} properties
 */
export function Drawing({ svg, name }) {
  return html`<div class="drawing" role="img" aria-label=${name} dangerouslySetInnerHTML=${{ __html: svg }} />`;
}

/** Failures that need no more words than the page's own. @type {Record<number, import('./i18n.js').Key>} */
const PLAIN = {
  [UNREACHABLE]: 'error.unreachable',
  401: 'error.key',
  403: 'error.forbidden',
  412: 'error.stale',
  413: 'error.large',
  429: 'error.busy',
};

/** What comes before the words of the service, which are English. @type {Record<number, import('./i18n.js').Key>} */
const LEADS = { 404: 'error.missing', 409: 'error.conflict', 422: 'error.invalid' };

/**
 * A failure in words that say what to do, and what the service says of it where that helps.
 * @param {unknown} error
 * @returns {{ told: string, details: string[] }}
 */
export function explain(error) {
  if (!(error instanceof ApiError)) return { told: t('error.page'), details: [] };
  const plain = error.status >= 500 ? 'error.server' : PLAIN[error.status];
  if (plain) return { told: t(plain), details: [] };
  const { errors = [] } = error.problem;
  const details = errors.length > 0 ? errors.map(located) : [withoutColon(error.message)];
  return { told: t(LEADS[error.status] ?? 'error.refused'), details: details.filter(Boolean) };
}

/** What is wrong with a field, which is called as the page calls it. @param {{ pointer: string, detail: string }} error */
function located({ pointer, detail }) {
  const names = pointer.split('/').filter(Boolean).map((part) => {
    const key = `changed.${part}`;
    if (isKey(key)) return t(key);
    return /^\d+$/.test(part) ? String(Number(part) + 1) : part;
  });
  const said = withoutColon(detail);
  return names.length > 0 ? t('error.field', { field: names.join(' '), detail: said }) : said;
}

/** A text without what is left of a name that was not there. @param {string} text */
function withoutColon(text) {
  return text.replace(/^\s*:\s*/, '');
}

/** @param {{ error: unknown, retry?: () => void }} properties */
export function Failure({ error, retry }) {
  if (!error) return null;
  const { told, details } = explain(error);
  return html`<div class="note bad" role="alert">
    <div class="grow"><p>${told}</p>
      ${details.length > 0 && html`<ul>${details.slice(0, 20).map((detail) => html`<li>${detail}</li>`)}</ul>`}</div>
    ${retry && html`<button class="quiet" onClick=${retry}>${t('retry')}</button>`}
  </div>`;
}

/**
 * How sure the service is, as a band; the number is there for those who want it.
 * @param {{ confidence: number, thresholds?: import('./types').Thresholds }} properties
 */
export function Confidence({ confidence, thresholds }) {
  const { answer, clarify } = thresholds ?? { answer: 0.7, clarify: 0.3 };
  const band = confidence >= answer ? 'high' : confidence >= clarify ? 'middle' : 'low';
  const words = { high: t('confidence.high'), middle: t('confidence.middle'), low: t('confidence.low') }[band];
  return html`<span class="confidence ${band}" title=${t('confidence.number', { share: percent(confidence) })}>
    <span class="dots" aria-hidden="true"><i /><i /><i /></span>${words}
  </span>`;
}

/**
 * A text with the words marked that the other text has too.
 * @param {{ marked: import('./types').MarkedText }} properties
 */
export function Marked({ marked }) {
  const characters = [...marked.text];
  const parts = [];
  let at = 0;
  for (const { chars: [start, end] } of marked.spans) {
    parts.push(characters.slice(at, start).join(''));
    parts.push(html`<mark>${characters.slice(start, end).join('')}</mark>`);
    at = end;
  }
  parts.push(characters.slice(at).join(''));
  return html`<span>${parts}</span>`;
}

/**
 * A dialog above the page. Escape and the area around it close it.
 * @param {{ label: string, className?: string, onClose: () => void, children?: unknown }} properties
 */
export function Dialog({ label, className = '', onClose, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  /** @param {Event} event */
  const onClick = (event) => {
    if (event.target === dialog.current) onClose();
  };
  /** @param {Event} event */
  const onCancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${dialog} class=${className} aria-label=${label} onClick=${onClick} onCancel=${onCancel}>
    <div class="dialog">
      <button class="icon-button close" aria-label=${t('close')} onClick=${onClose}><${Icon} name="close" /></button>
      ${children}
    </div>
  </dialog>`;
}
