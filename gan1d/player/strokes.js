/** How curves are told apart: by colour and by dash, in the charts and in the names beside them alike. */

const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]]; // px, at the size of a laptop
const WIDTHS = { generated: 2.5, bound: 1.5 };
const DASHED = { d: [5, 4], bound: [3, 3] }; // other roles may bring theirs with the theme

/** Colours change fastest, then dashes, so that no two of sixteen are alike, and neighbours differ in both. */
function strokeInTurn(index, theme) {
  const colours = theme.lines.length;
  return { color: theme.lines[index % colours], dash: DASHES[(index + Math.floor(index / colours)) % DASHES.length], width: 1.75 };
}

/**
 * @param {string} role of a curve
 * @param {number} index its place among the curves of its chart
 * @returns {{color: string, dash: number[], width: number}}
 */
function strokeOf(role, index, theme) {
  if (role === 'mode') return strokeInTurn(index, theme);
  return { color: role === 'bound' ? theme.muted : theme[role], dash: DASHED[role] || (theme.dashes || {})[role] || [], width: WIDTHS[role] || 1.75 };
}

/** A piece of a line, to stand before its name. */
function swatch({ color, dash, width }) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'stroke');
  svg.setAttribute('viewBox', '0 0 24 4');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'line');
  for (const [name, value] of Object.entries({ x1: 0, x2: 24, y1: 2, y2: 2, stroke: color, 'stroke-width': width, 'stroke-dasharray': dash.join(' ') })) {
    line.setAttribute(name, value);
  }
  svg.append(line);
  return svg;
}
