/** The small charts under the picture: which of them are there, and one cursor through all. */

/** What a panel is built from; its range, its lines, their names and what is said of them may change from run to run. */
function shapeOf({ id, title, unit, log, series, batch }) {
  return JSON.stringify([id, title, unit, Boolean(log), series.map(({ role }) => role), Boolean(batch)]);
}

/** A button that is on or off. */
function createToggle(words, meaning, onChange) {
  const button = element('button', 'chip', { type: 'button', 'aria-pressed': 'false', title: meaning }, [words]);
  button.addEventListener('click', () => onChange(button.getAttribute('aria-pressed') !== 'true'));
  return { button, sync: (on) => button.setAttribute('aria-pressed', String(on)) };
}

/** What the thin lines and the pale bands in all charts are; nothing where there are none. */
function legendOf(run, theme) {
  const others = (run.meta.others || []).map(({ label }, index) => [strokeInTurn(index, theme), label]);
  const ensemble = run.meta.ensemble && run.meta.ensemble.label && run.meta.curves.some(({ series }) => series.some(({ key }) => run.series(`band_${key}_low`)));
  return [
    ...others.map(([look, label]) => element('span', 'entry', { style: `color: ${look.color}` }, [swatch(look), label])),
    ...(ensemble ? [element('span', 'entry', {}, [element('span', 'band-swatch'), run.meta.ensemble.label])] : []),
  ];
}

/**
 * All panels. A panel keeps its canvas from run to run while its shape is the same, and is built when it is first shown.
 * @param {{onSeek: (frame: number) => void, onHold: (held: boolean) => void}} listeners
 * @param view how the run is looked at; curves: {source: "expectation"|"batch", more: boolean}, heat: boolean
 * @param {HTMLElement} [pictureBox] the picture, whose x axis the heat map has; without one there is no heat map
 */
function createCurves(parent, text, { onSeek, onHold, onStep }, observe, view = createView({}), pictureBox = null) {
  const pointing = createView({}); // "frame": the one under the pointer, in any chart, or null
  const wish = () => ({ source: 'expectation', more: false, ...view.get('curves') });
  const heat = createToggle(text.heat.show, text.heat.meaning, (on) => view.set('heat', on));
  heat.button.dataset.block = 'heat';
  const more = createToggle(text.curves_more, text.curves_more_meaning, (on) => view.set('curves', { ...wish(), more: on }));
  const legend = element('div', 'curve-legend');
  const tools = element('div', 'curve-tools', { role: 'group', 'aria-label': text.curves_tools }, [heat.button, more.button, legend]);
  const sources = ['expectation', 'batch'].map((name) => ({
    name, ...createToggle(text.sources[name], text.source_meanings[name], () => view.set('curves', { ...wish(), source: name })),
  }));
  const switcher = element('span', 'source', { role: 'group', 'aria-label': text.source }, sources.map(({ button }) => button));
  const heatmap = pictureBox ? createHeatmap(text, { onSeek, onHold, onStep }, observe, view, pointing, pictureBox) : null;
  const listeners = { onSeek, onHold, onPoint: (frame, panel) => { here = panel.id; pointing.set('frame', frame); } };

  let here = null; // the panel that the pointer is in
  let panels = []; // {shape, panel, wanted}
  let run = null;
  let theme = null;
  let frame = 0;

  /** The panel as it is asked for: of a batch, where there is that and it is wanted. */
  const asked = (wanted) => (wanted.batch && wish().source === 'batch' ? { ...wanted, ...wanted.batch } : wanted);
  const shown = () => panels.filter(({ panel }) => panel && !panel.root.hidden);

  function build(entry) {
    entry.panel = createPanel(entry.wanted, text, listeners);
    if (entry.wanted.batch) entry.panel.extra.append(switcher);
    entry.panel.retheme(theme);
  }

  /** Builds what is wanted and was not there, hides what is not wanted. */
  function arrange() {
    const { more: all, source } = wish();
    more.sync(all);
    heat.sync(Boolean(view.get('heat')));
    sources.forEach(({ name, sync }) => sync(name === source));
    heat.button.hidden = !heatmap;
    more.button.hidden = !panels.some(({ wanted }) => wanted.more);
    const fresh = [];
    for (const entry of panels) {
      const hidden = Boolean(entry.wanted.more) && !all;
      if (!hidden && !entry.panel) {
        build(entry);
        fresh.push(entry);
      }
      if (!entry.panel) continue;
      entry.panel.root.hidden = hidden;
      if (hidden) continue;
      entry.panel.setRun(run, asked(entry.wanted));
      entry.panel.show(frame);
    }
    const roots = [tools, ...(heatmap ? [heatmap.root] : []), ...panels.filter(({ panel }) => panel).map(({ panel }) => panel.root)];
    if (roots.length !== parent.children.length || roots.some((root, index) => parent.children[index] !== root)) place(roots);
    fresh.forEach(({ panel }) => observe(panel.box, panel.resize));
  }

  /** Puts the elements in order without moving those that are in their place: a moved element loses the focus. */
  function place(roots) {
    [...parent.children].filter((child) => !roots.includes(child)).forEach((child) => child.remove());
    roots.forEach((root, index) => {
      if (parent.children[index] !== root) parent.insertBefore(root, parent.children[index] || null);
    });
  }

  view.on('curves', () => run && arrange());
  view.on('heat', (on) => heat.sync(Boolean(on)));
  pointing.on('frame', (at) => {
    if (run) shown().forEach(({ panel, wanted }) => panel.point(at, wanted.id === here));
    if (at === null) here = null;
  });

  return {
    setRun(next) {
      run = next;
      pointing.set('frame', null);
      const kept = new Map(panels.map((entry) => [entry.shape, entry]));
      panels = run.meta.curves.map((wanted) => {
        const shape = shapeOf(wanted);
        const same = kept.get(shape);
        kept.delete(shape);
        return { shape, wanted, panel: same ? same.panel : null };
      });
      kept.forEach(({ panel }) => panel && panel.destroy());
      frame = Math.min(frame, run.meta.frames - 1);
      legend.replaceChildren(...legendOf(run, theme));
      arrange();
      if (heatmap) heatmap.setRun(run);
    },
    show(at) {
      frame = at;
      shown().forEach(({ panel }) => panel.show(at));
      if (heatmap) heatmap.show(at);
    },
    retheme(next) {
      theme = next;
      panels.forEach(({ panel }) => panel && panel.retheme(next));
      if (run) legend.replaceChildren(...legendOf(run, theme));
      if (heatmap) heatmap.retheme(next);
    },
    destroy() {
      panels.forEach(({ panel }) => panel && panel.destroy());
      if (heatmap) heatmap.destroy();
    },
  };
}
