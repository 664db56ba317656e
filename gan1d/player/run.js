/** The recorded run as the player reads it: a view on the arrays. */

const CODES = 65534; // of a packed row, as in gan1d/render/packing.py
const NOTHING = 65535;

/** Rows of 16-bit codes as floats. */
function unpacked(codes, ends) {
  const rows = ends.length / 2;
  const width = codes.length / rows;
  const values = new Float32Array(codes.length);
  for (let row = 0; row < rows; row++) {
    const low = ends[2 * row];
    const step = (ends[2 * row + 1] - low) / CODES;
    for (let i = row * width; i < (row + 1) * width; i++) values[i] = codes[i] === NOTHING ? NaN : low + step * codes[i];
  }
  return values;
}

/**
 * @typedef {Object} Run
 * @property {Object} meta see __init__.py
 * @property {Float32Array} x (X)
 * @property {Float32Array} z (Z) noise; zCdf (Z) its levels
 * @property {Float32Array} iteration (F)
 * @property {(frame: number) => number} part which part a frame belongs to
 * @property {(frame: number) => Float32Array} pData (X) of one frame
 * @property {(frame: number) => Float32Array} pGen (X) of one frame
 * @property {(frame: number) => Float32Array} d (X) of one frame
 * @property {(frame: number) => Float32Array} g (Z) of one frame
 * @property {(frame: number) => Float32Array} ideal (Z) the monotone map that would make a frame's data
 * @property {(name: string, frame: number) => Float32Array|null} samples (S) of one frame; null where none were recorded
 * @property {(frame: number) => [number, number]} outside mass left and right of the grid
 * @property {(key: string) => Float32Array} series (F) of one curve
 */

/** @returns {Run} */
function readRun(meta, arrays) {
  const wide = Object.fromEntries(meta.packed.map((name) => [name, unpacked(arrays[name], arrays[`${name}_ends`])]));
  const row = (values, width) => (index) => values.subarray(index * width, (index + 1) * width);
  const part = (frame) => {
    let found = 0;
    while (found + 1 < meta.parts.length && meta.parts[found + 1] <= frame) found += 1;
    return found;
  };
  const data = row(arrays.p_data, meta.grid);
  const ideal = row(arrays.ideal, meta.noise_points);
  return {
    meta,
    x: arrays.x,
    z: arrays.z,
    zCdf: arrays.z_cdf,
    iteration: arrays.iteration,
    part,
    pData: (frame) => data(part(frame)),
    pGen: row(wide.p_gen, meta.grid),
    d: row(wide.d, meta.grid),
    g: row(wide.g, meta.noise_points),
    ideal: (frame) => ideal(part(frame)),
    samples: (name, frame) => (wide[name] ? row(wide[name], meta.samples)(frame) : null),
    outside: (frame) => [arrays.mass_outside[2 * frame], arrays.mass_outside[2 * frame + 1]],
    series: (key) => arrays[key],
  };
}

/** The frame recorded nearest to an iteration. */
function frameAt(run, iteration) {
  const all = run.iteration;
  let low = 0;
  let high = all.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle] < iteration) low = middle + 1;
    else high = middle;
  }
  return low > 0 && iteration - all[low - 1] < all[low] - iteration ? low - 1 : low;
}

/** The same values for uPlot, which breaks a line at null and only there. */
function drawable(values) {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
  }
  return values;
}

/** Range of the finite values without the outermost share on either side; [0, 1] where there are none. */
function middleRange(arrays, share) {
  const MOST = 20000; // enough to know a range by
  const sample = [];
  for (const values of arrays) {
    const stride = Math.max(1, Math.floor(values.length / MOST));
    for (let i = 0; i < values.length; i += stride) if (Number.isFinite(values[i])) sample.push(values[i]);
  }
  if (!sample.length) return [0, 1];
  const sorted = Float64Array.from(sample).sort();
  const cut = Math.floor(share * (sorted.length - 1));
  return [sorted[cut], sorted[sorted.length - 1 - cut]];
}

/** A range with air above and below; a range that starts near zero starts at zero. */
function padded([low, high]) {
  const span = high - low || Math.abs(high) || 1;
  const bottom = low >= 0 && low < 0.35 * high ? 0 : low - 0.1 * span;
  return [bottom, high + 0.1 * span];
}
