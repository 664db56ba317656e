/** The few helpers for building elements. */

const SVG = 'http://www.w3.org/2000/svg';

/** Icons are drawn, for the media glyphs are missing in some fonts. 24 × 24 paths. */
const ICONS = {
  play: 'M8 5.5v13a.6.6 0 0 0 .92.5l10-6.5a.6.6 0 0 0 0-1l-10-6.5A.6.6 0 0 0 8 5.5z',
  pause: 'M7 5h3.4v14H7zM13.6 5H17v14h-3.4z',
  back: 'M6 5h2.4v14H6zM18 5.9v12.2a.6.6 0 0 1-.94.5l-7-6.1a.6.6 0 0 1 0-1l7-6.1a.6.6 0 0 1 .94.5z',
  forward: 'M18 5h-2.4v14H18zM6 5.9v12.2a.6.6 0 0 0 .94.5l7-6.1a.6.6 0 0 0 0-1l-7-6.1a.6.6 0 0 0-.94.5z',
  loop: 'M17 2.8 21 6.6l-4 3.8V7.7H8.2A3.2 3.2 0 0 0 5 10.9v1.3H3v-1.3a5.2 5.2 0 0 1 5.2-5.2H17zM7 21.2l-4-3.8 4-3.8v2.7h8.8a3.2 3.2 0 0 0 3.2-3.2v-1.3h2v1.3a5.2 5.2 0 0 1-5.2 5.2H7z',
  up: 'M12 6l8 13H4z',
  left: 'M5 12l13-8v16z',
  right: 'M19 12L6 4v16z',
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
