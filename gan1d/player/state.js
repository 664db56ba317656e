/** What the picture shows at one moment. A recorded frame is one; so is anything else that has the same parts. */

const FEW_CODES = 50; // steps of a packed density below which its share in a sum of densities is not known

/**
 * @typedef {Object} Moment
 * @property {number} frame its index
 * @property {number} part which part of the run it belongs to
 * @property {Float32Array} pData (X)
 * @property {Float32Array} pGen (X)
 * @property {Float32Array} d (X)
 * @property {Float32Array} g (Z)
 * @property {Float32Array} ideal (Z)
 * @property {[number, number]} outside mass left and right of the grid
 * @property {(name: string) => Float32Array|null} samples (S)
 */

/**
 * @param {Run} source a run, or what has its accessors
 * @param {number} frame of the source
 * @returns {Moment}
 */
function momentOf(source, frame) {
  return {
    frame,
    part: source.part(frame),
    pData: source.pData(frame),
    pGen: source.pGen(frame),
    d: source.d(frame),
    g: source.g(frame),
    ideal: source.ideal(frame),
    outside: source.outside(frame),
    samples: (name) => source.samples(name, frame),
  };
}

/**
 * The best D against a moment's densities, into `into`; NaN where neither density is more than what packing leaves of it.
 * @param {{rule: string, weight: number}|null} best null: the loss has none
 */
function bestD(best, { pData, pGen }, into) {
  let top = 0;
  for (let i = 0; i < pGen.length; i++) if (pGen[i] > top) top = pGen[i];
  const least = Math.max((FEW_CODES / (2 * CODES)) * top, 1e-12);
  for (let i = 0; i < into.length; i++) {
    const p = pData[i];
    const q = pGen[i];
    if (!best || !(p + q > least)) into[i] = NaN;
    else into[i] = best.rule === 'sign' ? Math.sign(best.weight * p - q) : (best.weight * p) / (p + q);
  }
  return into;
}
