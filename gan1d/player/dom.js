/** The few helpers for building elements. */

const SVG = 'http://www.w3.org/2000/svg';

/** Icons are drawn, for the media glyphs are missing in some fonts. 24 × 24 paths. */
const ICONS = {
  play: 'M8 5.5v13a.6.6 0 0 0 .92.5l10-6.5a.6.6 0 0 0 0-1l-10-6.5A.6.6 0 0 0 8 5.5z',
  pause: 'M7 5h3.4v14H7zM13.6 5H17v14h-3.4z',
  back: 'M6 5h2.4v14H6zM18 5.9v12.2a.6.6 0 0 1-.94.5l-7-6.1a.6.6 0 0 1 0-1l7-6.1a.6.6 0 0 1 .94.5z',
  forward: 'M18 5h-2.4v14H18zM6 5.9v12.2a.6.6 0 0 0 .94.5l7-6.1a.6.6 0 0 0 0-1l-7-6.1a.6.6 0 0 0-.94.5z',
  loop: 'M17 2.8 21 6.6l-4 3.8V7.7H8.2A3.2 3.2 0 0 0 5 10.9v1.3H3v-1.3a5.2 5.2 0 0 1 5.2-5.2H17zM7 21.2l-4-3.8 4-3.8v2.7h8.8a3.2 3.2 0 0 0 3.2-3.2v-1.3h2v1.3a5.2 5.2 0 0 1-5.2 5.2H7z',
  reverse: 'M16 5.5v13a.6.6 0 0 1-.92.5l-10-6.5a.6.6 0 0 1 0-1l10-6.5a.6.6 0 0 1 .92.5z',
  first: 'M4 5h2.4v14H4zM13 5.9v12.2a.6.6 0 0 1-.94.5l-5.4-6.1a.6.6 0 0 1 0-1l5.4-6.1a.6.6 0 0 1 .94.5zM20.4 5.9v12.2a.6.6 0 0 1-.94.5l-5.4-6.1a.6.6 0 0 1 0-1l5.4-6.1a.6.6 0 0 1 .94.5z',
  last: 'M20 5h-2.4v14H20zM11 5.9v12.2a.6.6 0 0 0 .94.5l5.4-6.1a.6.6 0 0 0 0-1l-5.4-6.1a.6.6 0 0 0-.94.5zM3.6 5.9v12.2a.6.6 0 0 0 .94.5l5.4-6.1a.6.6 0 0 0 0-1l-5.4-6.1a.6.6 0 0 0-.94.5z',
  up: 'M12 6l8 13H4z',
  left: 'M5 12l13-8v16z',
  right: 'M19 12L6 4v16z',
  filled: 'M2 10.5h10V5l10 7-10 7v-5.5H2z',
  // What happens in a run: a shape for each kind.
  diverged: 'M5.6 3 12 9.4 18.4 3 21 5.6 14.6 12 21 18.4 18.4 21 12 14.6 5.6 21 3 18.4 9.4 12 3 5.6z',
  seam: 'M7 2h3.2v20H7zM13.8 2H17v20h-3.2z',
  converged: 'M9.6 20.2 2 12.6l2.7-2.7 4.9 4.9L19.4 5 22 7.7z',
  'D wins': 'M5 2h6.5a10 10 0 0 1 0 20H5zM9 6v12h2.5a6 6 0 0 0 0-12z',
  'mode taken': 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z',
  'mode lost': 'M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 4a6 6 0 1 1 0 12 6 6 0 0 1 0-12z',
  open: 'M2 11h15.2l-5-4.2 1.3-1.6L22 12l-8.5 6.8-1.3-1.6 5-4.2H2z',
  link: 'M10.6 13.4a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1 1.4 1.4 1-1a2 2 0 0 1 2.9 2.9l-3 3a2 2 0 0 1-2.9 0zM13.4 10.6a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1-1.4-1.4-1 1a2 2 0 0 1-2.9-2.9l3-3a2 2 0 0 1 2.9 0z',
  branch: 'M6 3h2v7.5c0 2 1 3 3 3h4.2l-2.6-2.6L14 9.5l5 5-5 5-1.4-1.4 2.6-2.6H11c-1.2 0-2.2-.3-3-.8V21H6z',
  hold: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2a7 7 0 1 1 0 14 7 7 0 0 1 0-14zm0 3.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
  release: 'M7 10V7a5 5 0 0 1 9.6-2l-1.9.8A3 3 0 0 0 9 7v3h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1zm0 2v7h10v-7z',
  undo: 'M9 5 4 10l5 5v-3.5h5a3.5 3.5 0 0 1 0 7H9v2h5a5.5 5.5 0 0 0 0-11H9z',
  edit: 'M3 11h7v2H3zM14 11h7v2h-7zM12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM6 7l-5 5 5 5zM18 7v10l5-5z',
  draw: 'M4 16.5V20h3.5L18 9.5 14.5 6zM20.7 6.8a1 1 0 0 0 0-1.4l-2.1-2.1a1 1 0 0 0-1.4 0L15.6 4.9 19.1 8.4z',
};

/**
 * @param {string} tag
 * @param {string} className
 * @param {Object<string, string>} [attributes]
 * @param {(Node|string)[]} [children]
 */
function element(tag, className, attributes = {}, children = []) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** Writes a text only when it differs, so that a frame that changes nothing costs no layout. */
function setText(node, value) {
  if (node.textContent !== value) node.textContent = value;
}
