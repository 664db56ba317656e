/** The recorded run as the player reads it: a view on the arrays, nothing copied. */

/**
 * @typedef {Object} Run
 * @property {Object} meta see __init__.py
 * @property {Float32Array} x (X)
 * @property {Float32Array} pData (X)
 * @property {Float32Array} iteration (F)
 * @property {(frame: number) => Float32Array} pGen (X) of one frame
 * @property {(frame: number) => Float32Array} d (X) of one frame
 * @property {(frame: number) => [number, number]} outside mass left and right of the grid
 * @property {(key: string) => Float32Array} series (F) of one curve
 */

/** @returns {Run} */
function readRun(meta, arrays) {
  const width = meta.grid;
  const row = (values) => (frame) => values.subarray(frame * width, (frame + 1) * width);
  return {
    meta,
    x: arrays.x,
    pData: arrays.p_data,
    iteration: arrays.iteration,
    pGen: row(arrays.p_gen),
    d: row(arrays.d),
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
