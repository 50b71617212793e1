// Questions day by day: answered, asked back and unanswered on top of each other.

import { decimal, t } from './i18n.js';
import { html } from './vendor/preact-htm.js';

const KINDS = /** @type {const} */ (['answered', 'clarified', 'unanswered']);
const [WIDTH, HEIGHT, BOTTOM] = [900, 200, 24];

/** @param {{ days: import('./types').Statistics['days'] }} properties */
export function Columns({ days }) {
  const most = Math.max(1, ...days.map(({ total }) => total));
  const step = WIDTH / Math.max(days.length, 7);
  const scale = (HEIGHT - BOTTOM - 16) / most;
  // As many dates as can be read.
  const every = Math.ceil(days.length / 8);
  return html`<figure class="chart">
    <figcaption>${KINDS.map((kind) => html`<span key=${kind} class="legend ${kind}"><i aria-hidden="true" />${t(`dashboard.${kind}`)}</span>`)}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${summary(days)}>
      <line x1="0" x2=${WIDTH} y1=${HEIGHT - BOTTOM} y2=${HEIGHT - BOTTOM} class="axis" />
      ${days.map((counts, index) => {
        let top = HEIGHT - BOTTOM;
        return html`<g key=${counts.day}>
          <title>${`${counts.day}: ${counts.total}`}</title>
          ${KINDS.map((kind) => {
            const height = counts[kind] * scale;
            top -= height;
            return html`<rect class=${kind} x=${index * step + step * 0.15} y=${top} width=${Math.min(step * 0.7, 48)} height=${height} rx="2" />`;
          })}
          ${index % every === 0 && html`<text x=${index * step + step * 0.15} y=${HEIGHT - 6}>${counts.day.slice(5)}</text>`}
        </g>`;
      })}
      <text x="0" y="12">${decimal(most)}</text>
    </svg>
  </figure>`;
}

/** The chart in words. @param {import('./types').Statistics['days']} days */
function summary(days) {
  return days.map(({ day, total, answered, clarified, unanswered }) => `${day}: ${total} (${answered}, ${clarified}, ${unanswered})`).join('; ');
}
