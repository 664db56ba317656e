/** Colours and sizes of the canvas, read from the style sheet, where light and dark are decided. */

/**
 * @typedef {Object} Theme
 * @property {string} text
 * @property {string} muted
 * @property {string} grid
 * @property {string} real
 * @property {string} realFill
 * @property {string} generated
 * @property {string} generatedFill
 * @property {string} d
 * @property {string} best of D*, and of what is compared with a run's own
 * @property {string} neutral
 * @property {string[]} lines colours of curves that are many, in turn
 * @property {string} font family
 */

/** Perceived lightness, 0 to 1, of a computed colour such as rgb(255, 255, 255). */
function lightness(color) {
  const [r, g, b] = (color.match(/[\d.]+/g) || [255, 255, 255]).map(Number);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

/**
 * Marks the root as light or dark by the background it really has, then reads the colours that follow from it.
 * @returns {Theme}
 */
function readTheme(root) {
  root.dataset.theme = lightness(getComputedStyle(root).backgroundColor) < 0.5 ? 'dark' : 'light';
  const style = getComputedStyle(root);
  const color = (name) => style.getPropertyValue(`--player-${name}`).trim();
  return {
    text: color('text'),
    muted: color('muted'),
    grid: color('grid'),
    real: color('real'),
    realFill: color('real-fill'),
    generated: color('generated'),
    generatedFill: color('generated-fill'),
    d: color('text'),
    best: color('best'),
    neutral: color('text'),
    lines: [1, 2, 3, 4].map((k) => color(`line-${k}`)),
    font: style.fontFamily,
  };
}

const PROJECTED = 1.4; // times as large, when the view's size is "projector"

/** Size of the canvas's letters: legible on a phone and on a wall; larger when they are projected. */
function fontSizeFor(width, size = 'normal') {
  if (size === 'projector') return Math.round(PROJECTED * fontSizeFor(width));
  if (width < 560) return 12;
  if (width < 1300) return 13;
  if (width < 2200) return 16;
  return 22;
}

/** Lines grow with the letters, on large screens only. */
function lineScale(fontSize) {
  return Math.max(1, fontSize / 13);
}

/** Calls back when the surroundings may have changed their colours; returns the function that stops it. */
function watchTheme(callback) {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', callback);
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['class', 'style', 'data-theme'] });
  return () => {
    dark.removeEventListener('change', callback);
    observer.disconnect();
  };
}
