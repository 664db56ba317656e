/** The names in the picture, each beside what it names. */

const SEEN_OUTSIDE = 0.01; // mass beyond an edge from which it is pointed at
const SEEN_PEAK = 0.004; // of the axis; a lower density gets no label
const SEEN_GAP = 0.12; // of D's axis; a narrower gap gets no label
const GLIDE = 0.35; // share of the way to its place a label goes per frame while playing

/**
 * @param {HTMLElement} overlay lies on the plotting area
 * @param {Object} text the player's words
 */
function createNames(overlay, text) {
  const label = (name, words = '', layer = name) => overlay.appendChild(element('span', `label ${name}`, { 'data-layer': layer, hidden: '' }, [words]));
  const nodes = Object.fromEntries(['real', 'generated', 'd', 'd_star', 'gap', 'optimum', 'pinned'].map((name) => [name, label(name)]));
  const rows = {
    real: label('row bars', text.real, 'samples'), fake: label('row triangles', text.generated, 'samples'), own: label('row own', '', 'arrows'), other: label('row other', '', 'arrows'),
  };
  const generatedName = nodes.generated.appendChild(document.createTextNode(''));
  const overflow = nodes.generated.appendChild(element('span', 'overflow', { hidden: '' }));
  const overflowValue = document.createTextNode('');
  overflow.append(icon('up'), overflowValue);
  const edges = ['left', 'right'].map((side) => {
    const words = element('span', '');
    const arrow = icon(side);
    const mark = label(`edge ${side}`, side === 'left' ? arrow : words, 'outside');
    mark.append(side === 'left' ? words : arrow);
    return { side, mark, words };
  });

  const placement = createPlacement();
  const sizes = new Map();
  let shown = new Map(); // name -> box, of what can be pointed at
  let peakIndex = null;
  let spot = null; // where the generated label stands while it glides

  /** Measured once per length of text: reading a size makes the browser lay out. */
  function sizeOf(node) {
    const key = `${node.className}:${node.textContent.length}`;
    if (!sizes.has(key)) {
      node.hidden = false;
      sizes.set(key, { width: Math.ceil(node.offsetWidth), height: Math.ceil(node.offsetHeight) });
    }
    return sizes.get(key);
  }

  function put(node, position) {
    node.hidden = !position;
    if (position) node.style.transform = `translate(${position.left.toFixed(1)}px, ${position.top.toFixed(1)}px)`;
  }

  function placeEdges(moment, area, seen) {
    const taken = [];
    edges.forEach(({ side, mark, words }, index) => {
      const mass = moment.outside[index];
      const position = seen && mass > SEEN_OUTSIDE ? {} : null;
      if (position) {
        setText(words, fill(text.beyond, { percent: Math.round(100 * mass) }));
        Object.assign(position, sizeOf(mark));
        position.left = side === 'left' ? LABEL_GAP : area.width - position.width - LABEL_GAP;
        position.top = area.height - position.height - 3 * LABEL_GAP;
        taken.push(position);
        shown.set(`outside ${side}`, position);
      }
      put(mark, position);
    });
    return taken;
  }

  /** The samples' rows and arrows are named at the edges of their strip. */
  function placeRows(scene, area) {
    const { rows: heights, layers } = scene;
    const step = layers.isOn('arrows');
    const middle = area.height + 4;
    const at = (node, visible, left, top) => put(node, visible ? { left, top } : null);
    at(rows.real, heights.real > 0, LABEL_GAP, middle + heights.real / 2 - sizeOf(rows.real).height / 2);
    at(rows.fake, heights.fake > 0, LABEL_GAP, middle + heights.real);
    const right = (node) => area.width - sizeOf(node).width - LABEL_GAP;
    const both = step && scene.other !== null;
    at(rows.own, both, right(rows.own), middle + heights.real);
    at(rows.other, both, right(rows.other), middle + heights.real + sizeOf(rows.own).height);
  }

  /** At the top of the picture, beside a peak that leaves it. */
  function besideSpike(plot, x, density, from, to, size, area, topValue) {
    const level = topValue * (1 - size.height / area.height);
    let left = peakIndex;
    let right = peakIndex;
    while (left > from && density[left] > level) left -= 1;
    while (right < to && density[right] > level) right += 1;
    const place = plot.valToPos(x[right], 'x') + LABEL_GAP;
    if (place + size.width <= area.width) return { left: place, top: 0 };
    return { left: plot.valToPos(x[left], 'x') - size.width - LABEL_GAP, top: 0 };
  }

  /** Where the generated label wants to be, or null where there is nothing to name. */
  function generatedBox({ plot, run, moment, gliding }, point, from, to, area) {
    const density = moment.pGen;
    const top = run.meta.density_max;
    peakIndex = steadyPeak(density, from, to, peakIndex, top);
    const highest = density[largest(density, from, to)];
    const beyond = highest > top;
    overflow.hidden = !beyond;
    if (beyond) setText(overflowValue, formatValue(highest, text));
    if (!(highest > SEEN_PEAK * top)) {
      spot = null;
      return null;
    }
    const size = sizeOf(nodes.generated);
    const target = beyond ? besideSpike(plot, run.x, density, from, to, size, area, top) : above(point(run.x[peakIndex], density[peakIndex]), size);
    const share = gliding && spot ? GLIDE : 1;
    const start = spot || target;
    spot = { left: start.left + share * (target.left - start.left), top: start.top + share * (target.top - start.top) };
    return { ...spot, ...size };
  }

  /** Where D is furthest from the best D, between the two. */
  function gapBox({ plot, run, moment, best }, from, to) {
    let widest = -1;
    for (let i = from; i <= to; i++) {
      const gap = Math.abs(moment.d[i] - best[i]);
      if (Number.isFinite(gap) && (widest < 0 || gap > Math.abs(moment.d[widest] - best[widest]))) widest = i;
    }
    const [low, high] = run.meta.d_range;
    if (widest < 0 || Math.abs(moment.d[widest] - best[widest]) < SEEN_GAP * (high - low)) return null;
    const size = sizeOf(nodes.gap);
    const middle = (moment.d[widest] + best[widest]) / 2;
    return { left: plot.valToPos(run.x[widest], 'x') - size.width / 2, top: plot.valToPos(middle, 'd') - size.height / 2, ...size };
  }

  return {
    /** The words of another run. */
    setRun(run) {
      const { words, other_loss: other } = run.meta.layers;
      const called = (name) => (run.meta.layers.all.find((layer) => layer.id === name) || { label: '' }).label;
      generatedName.data = text.generated;
      setText(nodes.real, text.real);
      setText(nodes.d, text.d);
      for (const name of ['d_star', 'gap', 'optimum']) setText(nodes[name], called(name));
      setText(nodes.pinned, words.pinned);
      rows.own.replaceChildren(icon('filled'), words.own);
      rows.other.replaceChildren(icon('open'), other || '');
      sizes.clear();
    },
    /** Sizes are measured anew: letters have changed. */
    forget() {
      sizes.clear();
      spot = null;
    },
    jump() { spot = null; },
    /**
     * @param {Object} scene what is drawn: plot, run, moment, best, layers, rows, other, gliding, pinned (a point or null)
     */
    place(scene) {
      const { plot, run, moment, layers } = scene;
      // Not read from the elements, which would make the browser lay out in every frame.
      const area = { width: plot.bbox.width / uPlot.pxRatio, height: plot.bbox.height / uPlot.pxRatio - scene.rows.total };
      if (!area.width) return;
      const [from, to] = plot.series[0].idxs;
      const point = (x, value) => ({
        x: plot.valToPos(x, 'x'), y: Math.max(0, plot.valToPos(Math.min(value, run.meta.density_max), 'density')),
      });
      const line = (values) => (left) => plot.valToPos(values[plot.posToIdx(left)], 'd');
      shown = new Map();
      const marks = placeEdges(moment, area, layers.isOn('outside'));
      const wanted = [];
      const want = (name, wish) => wish && wanted.push({ name, ...wish });
      if (layers.isOn('real')) {
        const highest = largest(moment.pData, from, to);
        if (moment.pData[highest] > SEEN_PEAK * run.meta.density_max) {
          want('real', { box: above(point(run.x[highest], moment.pData[highest]), sizeOf(nodes.real)) });
        }
      }
      if (layers.isOn('generated')) {
        const box = generatedBox(scene, point, from, to, area);
        want('generated', box && { box });
      }
      if (layers.isOn('d')) want('d', { line: line(moment.d), size: sizeOf(nodes.d) });
      if (layers.isOn('d_star')) want('d_star', { line: line(scene.best), size: sizeOf(nodes.d_star), parts: [0, 1, 0.3, 0.7, 0.5] });
      if (layers.isOn('optimum')) {
        const y = plot.valToPos(run.meta.optimum_d, 'd');
        const clear = layers.isOn('d') ? line(moment.d) : null;
        want('optimum', { line: () => y, size: sizeOf(nodes.optimum), parts: [0, 1, 0.75, 0.25], clear });
      }
      if (layers.isOn('gap')) {
        const box = gapBox(scene, from, to);
        want('gap', box && { box });
      }
      if (scene.pinned) want('pinned', { box: above(point(scene.pinned.x, scene.pinned.value), sizeOf(nodes.pinned)) });
      const boxes = placement.place(area, marks, wanted);
      for (const name of Object.keys(nodes)) put(nodes[name], boxes.get(name));
      for (const [name, box] of boxes) shown.set(name, box);
      placeRows(scene, area);
    },
    /** The layer whose name is at a place of the plotting area, and its box; null where there is none. */
    at(left, top) {
      for (const [name, box] of shown) {
        if (left >= box.left && left <= box.left + box.width && top >= box.top && top <= box.top + box.height) return { layer: name.split(' ')[0], box };
      }
      return null;
    },
  };
}
