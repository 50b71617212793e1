// An answer as people read it: question, text with pictures, where it comes from, and whether it helped.

import { sendFeedback } from './api.js';
import { day, t } from './i18n.js';
import { Confidence, Dialog, Failure, Icon, Marked } from './parts.js';
import { html, useState } from './vendor/preact-htm.js';

/**
 * @typedef {object} AnswerProperties
 * @property {import('./types').Match} found
 * @property {import('./types').Thresholds} [thresholds]
 * @property {() => Promise<string>} queryId Of the question that is answered, once it counts.
 * @property {() => void} [onWrong]
 */

/** @param {AnswerProperties} properties */
export function Answer({ found, thresholds, queryId, onWrong }) {
  const matched = found.explanation?.phrasing;
  return html`<article class="answer" aria-label=${found.question}>
    <header>
      <h2>${matched && matched.text === found.question ? html`<${Marked} marked=${matched} />` : found.question}</h2>
      ${
        matched &&
        matched.text !== found.question &&
        html`<p class="also">${t('answer.matched')}<${Marked} marked=${matched} /></p>`
      }
    </header>
    <${Rendered} markup=${found.answer.html ?? ''} />
    <footer>
      <${Confidence} confidence=${found.confidence} thresholds=${thresholds} />
      ${found.category.length > 0 && html`<span>${found.category.join(' / ')}</span>`}
      ${found.source && html`<span>${[found.source.file, found.source.heading].filter(Boolean).join(' · ')}</span>`}
      ${found.updated_at && html`<time datetime=${found.updated_at}>${day(found.updated_at)}</time>`}
    </footer>
    <${Opinion} key=${found.id} found=${found} queryId=${queryId} onWrong=${onWrong} />
  </article>`;
}

/**
 * Markup that the service rendered from Markdown and made safe; a picture opens large.
 * @param {{ markup: string }} properties
 */
export function Rendered({ markup }) {
  const [picture, setPicture] = useState(/** @type {{ src: string, alt: string } | null} */ (null));
  /** @param {Event} event */
  const onClick = (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const image = link?.querySelector('img');
    if (!link || !image) return;
    event.preventDefault();
    setPicture({ src: image.src, alt: image.alt });
  };
  if (!markup) return html`<p class="muted">${t('answer.empty')}</p>`;
  return html`<div class="rendered" onClick=${onClick} dangerouslySetInnerHTML=${{ __html: markup }} />
    ${
      picture &&
      html`<${Dialog} label=${picture.alt} className="picture" onClose=${() => setPicture(null)}>
        <img src=${picture.src} alt=${picture.alt} />
      <//>`
    }`;
}

/** @param {{ found: import('./types').Match, queryId: () => Promise<string>, onWrong?: () => void }} properties */
function Opinion({ found, queryId, onWrong }) {
  const [said, setSaid] = useState(/** @type {'helpful' | 'wrong' | null} */ (null));
  const [comment, setComment] = useState('');
  const [sent, setSent] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));

  /** @param {'helpful' | 'wrong'} verdict @param {string} [words] */
  const say = async (verdict, words) => {
    setError(null);
    try {
      await sendFeedback({ query_id: await queryId(), entry_id: found.id, verdict, comment: words });
      setSaid(verdict);
      setSent(words !== undefined);
      if (verdict === 'wrong') onWrong?.();
    } catch (failure) {
      setError(failure);
    }
  };
  /** @param {Event} event */
  const onSubmit = (event) => {
    event.preventDefault();
    if (comment.trim()) say('wrong', comment.trim());
  };

  return html`<div class="opinion">
    <div class="row" role="group" aria-label=${t('opinion.question')}>
      <span class="muted" role="status">${said ? t('opinion.thanks') : t('opinion.question')}</span>
      <button class="choice" aria-pressed=${said === 'helpful'} onClick=${() => say('helpful')}>
        <${Icon} name="up" />${t('opinion.helpful')}
      </button>
      <button class="choice" aria-pressed=${said === 'wrong'} onClick=${() => say('wrong')}>
        <${Icon} name="down" />${t('opinion.wrong')}
      </button>
    </div>
    ${
      said === 'wrong' &&
      !sent &&
      html`<form class="row" onSubmit=${onSubmit}>
        <label class="grow"><span class="hidden">${t('opinion.comment')}</span>
          <input type="text" maxlength="2000" placeholder=${t('opinion.comment')} value=${comment}
            onInput=${(/** @type {{ target: HTMLInputElement }} */ event) => setComment(event.target.value)} />
        </label>
        <button class="secondary">${t('send')}</button>
      </form>`
    }
    <${Failure} error=${error} />
  </div>`;
}
