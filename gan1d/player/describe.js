/** What the picture shows now, in a sentence for those who do not see it. It is said when time stands still, never while it runs. */

const SETTLED = 500; // ms without a change after which it is said

/** D at a place between two points of the grid. */
function valueAt(x, values, place) {
  const at = ((place - x[0]) / (x[x.length - 1] - x[0])) * (x.length - 1);
  const left = Math.max(0, Math.min(x.length - 2, Math.floor(at)));
  return values[left] + (at - left) * (values[left + 1] - values[left]);
}

function createDescription(text) {
  const root = element('p', 'unseen description', { 'aria-live': 'polite' });
  let timer = 0;

  function sentence(run, frame, caption) {
    const { words, data } = run.meta.layers;
    const value = (number) => formatValue(number, text);
    const real = data[run.part(frame)];
    return fill(words.now, {
      n: formatInteger(run.iteration[frame]),
      total: formatInteger(run.iteration[run.meta.frames - 1]),
      mean: value(run.series('mean')[frame]),
      std: value(run.series('std')[frame]),
      real_mean: value(real.mean),
      real_std: value(real.std),
      d: run.meta.d_name,
      d_value: value(valueAt(run.x, run.d(frame), real.mean)),
      caption,
    });
  }

  return {
    root,
    /** Something has changed; nothing is said until it rests. */
    tell(run, frame, caption, playing) {
      clearTimeout(timer);
      if (!playing) timer = setTimeout(() => setText(root, sentence(run, frame, caption)), SETTLED);
    },
    destroy: () => clearTimeout(timer),
  };
}
