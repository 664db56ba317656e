/** Colours for a density: ordered by lightness, so that any eye and a black-and-white print order them alike. */

// From nothing to much on a light page; on a dark one from the other end. After ColorBrewer's YlGnBu (Harrower and Brewer 2003).
const RAMP = ['#ffffff', '#edf8b1', '#c7e9b4', '#7fcdbb', '#41b6c4', '#1d91c0', '#225ea8', '#253494', '#081d58', '#060f30'];
const SHADES = 256;

/** @returns {Uint8ClampedArray} (SHADES*4) red, green, blue and opacity of each shade */
function shades(dark) {
  const stops = (dark ? [...RAMP].reverse() : RAMP).map((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
  const found = new Uint8ClampedArray(4 * SHADES);
  for (let i = 0; i < SHADES; i++) {
    const at = (i / (SHADES - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) found[4 * i + c] = stops[low][c] + (at - low) * (stops[low + 1][c] - stops[low][c]);
    found[4 * i + 3] = 255;
  }
  return found;
}

/**
 * A picture of rows of numbers, a pixel for each.
 * @param {number} rows
 * @param {(row: number) => Float32Array} row
 * @param {number} top what has the last shade, and all beyond it
 */
function shaded(rows, row, top, colors) {
  const width = row(0).length;
  const canvas = element('canvas', '', { width: String(width), height: String(rows) });
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const palette = new Uint32Array(colors.buffer);
  for (let r = 0; r < rows; r++) {
    const values = row(r);
    for (let i = 0; i < width; i++) {
      const share = values[i] / top;
      pixels[r * width + i] = palette[share > 0 ? Math.min(SHADES - 1, Math.round(share * (SHADES - 1))) : 0]; // NaN is nothing
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
