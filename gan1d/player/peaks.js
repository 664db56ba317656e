/** Where a density is highest, found so that a label on it does not jump about. */

const PEAK_KEPT = 0.85; // another peak takes the label only when it is clearly higher

function largest(values, from, to) {
  let best = from;
  for (let i = from; i <= to; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** The peak that is reached uphill from where the label was, unless another one is clearly higher. */
function steadyPeak(values, from, to, previous, top) {
  const highest = largest(values, from, to);
  if (previous === null || previous < from || previous > to) return highest;
  const reach = Math.max(2, Math.round((to - from) / 40));
  let peak = previous;
  for (let next = -1; next !== peak;) {
    if (next >= 0) peak = next;
    next = largest(values, Math.max(from, peak - reach), Math.min(to, peak + reach));
  }
  return Math.min(values[peak], top) >= PEAK_KEPT * Math.min(values[highest], top) ? peak : highest;
}
