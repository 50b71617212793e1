// What this device remembers: language, colours, and the questions that were asked on it. Nothing of it is sent.

const HISTORY = 'dayi.history';
const MOST_REMEMBERED = 12;

/** @param {string} key */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // The browser keeps nothing for this site.
  }
}

/** @param {string} key @param {string | null} value */
export function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Full, or not allowed: the page works without.
  }
}

/** Questions asked on this device, the last one first. @returns {string[]} */
export function askedHere() {
  try {
    const list = JSON.parse(recall(HISTORY) ?? '[]');
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {string} question */
export function rememberQuestion(question) {
  const others = askedHere().filter((known) => known !== question);
  remember(HISTORY, JSON.stringify([question, ...others].slice(0, MOST_REMEMBERED)));
}

export function forgetQuestions() {
  remember(HISTORY, null);
}

/** Of several FAQs on one service, the one that the address named last in this tab. */
export function space() {
  const named = new URLSearchParams(location.search).get('space');
  try {
    if (named !== null) sessionStorage.setItem('dayi.space', named);
    return named ?? sessionStorage.getItem('dayi.space');
  } catch {
    return named;
  }
}
