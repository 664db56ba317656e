/** A run that was pinned: shown pale behind the current one, at the same share of the training. */

/**
 * @param {Run} ghost
 * @param {Run} run the current one
 * @param {number} share of the training at which the current one is shown
 * @returns {{x, real, generated, d, peak: {x: number, value: number}}|null} null while the two are the same run
 */
function ghostLines(ghost, run, share, layers) {
  if (!ghost || ghost.meta.run === run.meta.run) return null;
  const last = ghost.iteration[ghost.meta.frames - 1];
  const { pData, pGen, d } = momentOf(ghost, frameAt(ghost, share * last));
  // A probability says nothing on an axis of scores.
  const comparable = ghost.meta.d_axis === run.meta.d_axis;
  const peak = largest(pGen, 0, pGen.length - 1);
  return {
    x: ghost.x,
    real: layers.isOn('real') ? pData : null,
    generated: layers.isOn('generated') ? pGen : null,
    d: layers.isOn('d') && comparable ? d : null,
    peak: { x: ghost.x[peak], value: pGen[peak] },
  };
}
