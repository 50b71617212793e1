// The page for everybody: one box, and the answer under it while the question is still being typed.

import { ask, sendFeedback, welcome } from './api.js';
import { Answer } from './answer.js';
import { askedHere, forgetQuestions, rememberQuestion, space } from './device.js';
import { t } from './i18n.js';
import { Failure, Icon, Marked } from './parts.js';
import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';

/** A pause in typing after which what is there is looked up, milliseconds. */
const LOOK_UP_AFTER = 180;
/** Beside an answer, others are offered only from this confidence on. */
const WORTH_OFFERING = 0.03;
/** A pause after which it counts as asked. */
const ASKED_AFTER = 1800;

/** @typedef {import('./types').Verdict} Verdict */

function questionInAddress() {
  return new URLSearchParams(location.search).get('q') ?? '';
}

/** @param {string} question */
function putIntoAddress(question) {
  const address = new URL(location.href);
  if (question) address.searchParams.set('q', question);
  else address.searchParams.delete('q');
  const faq = space();
  if (faq) address.searchParams.set('space', faq);
  history.replaceState(null, '', address);
}

/**
 * What is typed, and what the service says to it.
 *
 * A question is looked up at each pause without being counted, and asked once: by Enter, by a longer pause, or when
 * somebody says something of the answer.
 */
function useQuestion() {
  const [text, setText] = useState(questionInAddress);
  const [found, setFound] = useState(/** @type {{ question: string, verdict: Verdict } | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const running = useRef(/** @type {AbortController | null} */ (null));
  const asked = useRef(/** @type {{ question: string, verdict: Promise<Verdict> } | null} */ (null));

  /** @param {string} question @param {boolean} record */
  const lookUp = async (question, record) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
    const coming = ask(question, { record, signal: record ? undefined : controller.signal });
    if (record) {
      asked.current = { question, verdict: coming };
      rememberQuestion(question);
      putIntoAddress(question);
    }
    try {
      const verdict = await coming;
      if (controller.signal.aborted) return;
      setFound({ question, verdict });
      setError(null);
    } catch (failure) {
      if (record && asked.current?.verdict === coming) asked.current = null;
      if (controller.signal.aborted) return;
      setError(failure);
    }
    setBusy(false);
  };

  /** Asks, unless this very question was asked already. @param {string} question */
  const askNow = (question) => {
    const wanted = question.trim();
    if (wanted && asked.current?.question !== wanted) lookUp(wanted, true);
  };

  useEffect(() => {
    const question = text.trim();
    if (!question) {
      running.current?.abort();
      asked.current = null;
      setFound(null);
      setError(null);
      setBusy(false);
      putIntoAddress('');
      return;
    }
    if (asked.current?.question === question) return;
    const soon = setTimeout(() => lookUp(question, false), LOOK_UP_AFTER);
    const later = setTimeout(() => askNow(question), ASKED_AFTER);
    return () => {
      clearTimeout(soon);
      clearTimeout(later);
    };
  }, [text]);

  /** Names the question in feedback; it is asked now when it was only looked up. */
  const queryId = async () => {
    askNow(text);
    return (await asked.current?.verdict)?.query_id ?? '';
  };
  return { text, setText, found, busy, error, askNow, queryId };
}

export function Ask() {
  const { text, setText, found, busy, error, askNow, queryId } = useQuestion();
  const [chosen, setChosen] = useState(/** @type {string | null} */ (null));
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => setChosen(null), [text]);
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const onKey = (event) => {
      if (event.key !== '/' || (event.target instanceof Element && event.target.matches('input, textarea'))) return;
      event.preventDefault();
      box.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  /** @param {string} question */
  const put = (question) => {
    setText(question);
    askNow(question);
    box.current?.focus();
  };
  /** @param {Event} event */
  const onSubmit = (event) => {
    event.preventDefault();
    askNow(text);
  };
  return html`<main class="ask ${text.trim() ? 'asking' : ''}" id="main">
    <h1>${t('ask.title')}</h1>
    <form class="search" role="search" onSubmit=${onSubmit}>
      <${Icon} name="search" />
      <input ref=${box} type="search" name="q" aria-label=${t('ask.box')} placeholder=${t('ask.placeholder')}
        autocomplete="off" autofocus maxlength="2000" enterkeyhint="search" value=${text}
        onInput=${(/** @type {{ target: HTMLInputElement }} */ event) => setText(event.target.value)} />
      ${
        text &&
        html`<button type="button" class="icon-button" aria-label=${t('ask.clear')} onClick=${() => put('')}>
          <${Icon} name="close" />
        </button>`
      }
      <span class="progress ${busy ? 'on' : ''}" />
    </form>
    <p class="hidden" role="status">${found && !busy ? t(`status.${found.verdict.decision}`) : ''}</p>
    <${Failure} error=${error} retry=${() => askNow(text)} />
    ${
      found && text.trim()
        ? html`<div class="found ${busy ? 'stale' : ''}">
            <${Found} key=${found.question} verdict=${found.verdict} chosen=${chosen} choose=${setChosen} queryId=${queryId} />
            <${Share} />
          </div>`
        : !text.trim() && html`<${Start} put=${put} />`
    }
  </main>`;
}

/**
 * @param {{ verdict: Verdict, chosen: string | null, choose: (id: string | null) => void, queryId: () => Promise<string> }} properties
 */
function Found({ verdict, chosen, choose, queryId }) {
  const [none, setNone] = useState(false);
  const [wrong, setWrong] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const thresholds = verdict.explanation?.thresholds;
  const shown = verdict.matches.find((found) => found.id === chosen) ?? (verdict.decision === 'answer' ? verdict.matches[0] : undefined);
  const offers = shown && !wrong ? (/** @type {number} */ confidence) => confidence >= WORTH_OFFERING : () => true;
  const others = verdict.matches.filter((found) => found !== shown && offers(found.confidence)).slice(0, 4);
  const noneOfThese = async () => {
    setError(null);
    try {
      await sendFeedback({ query_id: await queryId(), verdict: 'none_of_these' });
      setNone(true);
      choose(null);
    } catch (failure) {
      setError(failure);
    }
  };
  const heading = shown ? (wrong ? t('found.instead') : t('found.others')) : verdict.decision === 'clarify' ? t('found.clarify') : t('found.nearest');
  const isHandedOver = none || (verdict.decision === 'no_answer' && !shown);
  return html`
    ${isHandedOver && html`<${Handover} />`}
    ${shown && html`<${Answer} key=${shown.id} found=${shown} thresholds=${thresholds} queryId=${queryId} onWrong=${() => setWrong(true)} />`}
    ${
      others.length > 0 &&
      html`<section class="others ${shown ? '' : 'first'}" aria-label=${heading}>
        <h2>${heading}</h2>
        <ul>
          ${others.map(
            (found) => html`<li key=${found.id}>
              <button onClick=${() => choose(found.id)}>
                <span>
                  ${found.explanation?.phrasing.text === found.question ? html`<${Marked} marked=${found.explanation.phrasing} />` : found.question}
                  ${found.category.length > 0 && html`<small>${found.category.join(' / ')}</small>`}
                </span>
                <${Icon} name="chevron" />
              </button>
            </li>`,
          )}
        </ul>
        ${!none && html`<button class="quiet" onClick=${noneOfThese}>${t('found.none')}</button>`}
      </section>`
    }
    <${Failure} error=${error} />
  `;
}

/** What the service was asked to begin with, once for the page. @type {Promise<import('./types').Welcome> | undefined} */
let greeting;

function useWelcome() {
  const [known, setKnown] = useState(/** @type {import('./types').Welcome | null} */ (null));
  useEffect(() => {
    greeting ??= welcome();
    // Without it the page still answers questions.
    greeting.then(setKnown, () => (greeting = undefined));
  }, []);
  return known;
}

function Handover() {
  const text = useWelcome()?.handover ?? t('handover');
  return html`<section class="handover" role="status">
    <${Icon} name="person" />
    <div><h2>${t('handover.title')}</h2><p>${text}</p></div>
  </section>`;
}

/** @param {{ put: (question: string) => void }} properties */
function Start({ put }) {
  const known = useWelcome();
  const [past, setPast] = useState(askedHere);
  const forget = () => {
    forgetQuestions();
    setPast([]);
  };
  return html`<div class="start">
    ${
      past.length > 0 &&
      html`<section aria-label=${t('start.past')}>
        <div class="heading">
          <h2>${t('start.past')}</h2>
          <button class="quiet" onClick=${forget}>${t('start.forget')}</button>
        </div>
        <ul class="chips">${past.slice(0, 6).map((question) => html`<li key=${question}><button onClick=${() => put(question)}><${Icon} name="clock" />${question}</button></li>`)}</ul>
      </section>`
    }
    ${
      known &&
      known.popular.length > 0 &&
      html`<section aria-label=${t('start.popular')}>
        <h2>${t('start.popular')}</h2>
        <ul class="popular">${known.popular.map(({ id, question }) => html`<li key=${id}><button onClick=${() => put(question)}><span>${question}</span><${Icon} name="chevron" /></button></li>`)}</ul>
      </section>`
    }
    ${known?.entries === 0 && html`<p class="muted">${t('start.empty')}</p>`}
  </div>`;
}

function Share() {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      setCopied(true);
    } catch {
      prompt(t('share.copy'), location.href);
    }
  };
  return html`<button class="quiet share" onClick=${copy}><${Icon} name="link" /><span role="status">${copied ? t('share.copied') : t('share.copy')}</span></button>`;
}
