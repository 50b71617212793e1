// An entry as it is typed, and as the API takes it.

/**
 * What is typed, as text.
 * @typedef {{ question: string, similar: string, negative: string, answer: string, category: string, tags: string, enabled: boolean, valid_from: string, valid_until: string }} Fields
 */

/** @type {Fields} */
export const EMPTY = { question: '', similar: '', negative: '', answer: '', category: '', tags: '', enabled: true, valid_from: '', valid_until: '' };

/** @param {import('./types').Entry} entry @returns {Fields} */
export function fieldsOf({ question, similar, negative, answer, category, tags, enabled, valid_from, valid_until }) {
  return {
    question,
    similar: similar.join('\n'),
    negative: negative.join('\n'),
    answer,
    category: category.join(' / '),
    tags: tags.join('，'),
    enabled,
    valid_from: valid_from ?? '',
    valid_until: valid_until ?? '',
  };
}

/** @param {string} text @param {string | RegExp} separator */
function parts(text, separator) {
  return text.split(separator).map((part) => part.trim()).filter(Boolean);
}

/** The entry as the API takes it. @param {Fields} fields */
export function entryOf(fields) {
  return {
    question: fields.question.trim(),
    similar: parts(fields.similar, '\n'),
    negative: parts(fields.negative, '\n'),
    answer: fields.answer,
    category: parts(fields.category, '/'),
    tags: parts(fields.tags, /[,，、;；\n]/),
    enabled: fields.enabled,
    valid_from: fields.valid_from || null,
    valid_until: fields.valid_until || null,
  };
}
