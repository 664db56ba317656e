/** Handles on the real density: its places and widths dragged with mouse, finger or arrow keys; the training follows. */

const REPORT_EVERY = 200; // ms between two reports to the host
const ANSWER_WITHIN = 3000; // ms; a report that changed nothing may go without an answer
const KEY_STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

/** Sends the newest of what it is given: one at a time, the next when the host has answered, and not too often. */
function createReporter(send) {
  let next = null;
  let waiting = false;
  let timer = 0;
  let last = -Infinity;
  function go() {
    clearTimeout(timer);
    if (next === null || waiting) return;
    const early = last + REPORT_EVERY - performance.now();
    if (early > 0) {
      timer = setTimeout(go, early);
      return;
    }
    const payload = next;
    next = null;
    waiting = true;
    last = performance.now();
    timer = setTimeout(answered, ANSWER_WITHIN);
    send(payload);
  }
  function answered() {
    waiting = false;
    go();
  }
  return {
    get busy() { return waiting || next !== null; },
    report(payload) {
      next = payload;
      go();
    },
    answered,
    /** The last word: it does not wait for the answer to the one before. */
    flush() {
      waiting = false;
      last = -Infinity;
      go();
    },
    destroy() {
      next = null;
      clearTimeout(timer);
    },
  };
}

/** The density at a place, between two points of the grid. */
function densityAt(x, values, place) {
  const at = ((place - x[0]) / (x[x.length - 1] - x[0])) * (x.length - 1);
  const left = Math.max(0, Math.min(x.length - 2, Math.floor(at)));
  return values[left] + (values[left + 1] - values[left]) * Math.max(0, Math.min(1, at - left));
}

/**
 * @param {HTMLElement} box the picture, which the handles lie over
 * @param {{follow: Function, holdAxis: (on: boolean) => void}} picture
 */
function createEditing(box, picture, tools, text, send) {
  const words = text.editing;
  const layer = element('div', 'handles');
  const toggle = element('button', 'tool-button edit', { type: 'button', 'aria-pressed': 'false', title: words.edit_help, hidden: '' }, [icon('edit'), words.edit]);
  const reporter = createReporter((fields) => send('data', { fields }));
  let run = null;
  let handles = [];
  let grip = null; // the handle that is held: {handle, from, value, perPixel}
  let geometry = null;
  let moment = null;

  box.append(layer);
  tools.append(toggle);
  toggle.addEventListener('click', () => {
    const on = toggle.getAttribute('aria-pressed') !== 'true';
    toggle.setAttribute('aria-pressed', String(on));
    layer.classList.toggle('shown', on);
  });

  const decimals = (step) => Math.max(0, Math.ceil(-Math.log10(step)));
  const placeOf = (handle) => (handle.of ? handles.find((other) => other.name === handle.of && other.index === handle.index).value + handle.value : handle.value);

  /** What all handles say, as the host's fields: a number, or one for each mode. */
  function fields(name) {
    const told = {};
    for (const handle of handles) {
      if (handle.index === null) {
        if (handle.name === name) told[handle.name] = handle.value;
      } else (told[handle.name] = told[handle.name] || [])[handle.index] = handle.value;
    }
    return told;
  }

  function set(handle, value) {
    const kept = Math.min(Math.max(Math.round(value / handle.step) * handle.step, handle.low), handle.high);
    const rounded = Number(kept.toFixed(decimals(handle.step)));
    if (rounded === handle.value) return;
    handle.value = rounded;
    name(handle);
    place();
    reporter.report(fields(handle.name));
  }

  function name(handle) {
    const value = formatTick(handle.value);
    handle.node.setAttribute('aria-valuenow', String(handle.value));
    handle.node.setAttribute('aria-valuetext', value);
    handle.node.dataset.words = `${handle.label}: ${value}`;
  }

  /** Transforms only: called with every frame. */
  function place() {
    if (!geometry || !moment) return;
    const { left, top, width, height, min, max, floor, ceiling } = geometry;
    const { x } = run;
    const cell = x[1] - x[0];
    for (const handle of handles) {
      const at = placeOf(handle);
      const inside = at >= min && at <= max;
      if (handle.node.hidden === inside) handle.node.hidden = !inside;
      if (!inside) continue;
      const edge = handle.name === 'low' ? cell : handle.name === 'high' ? -cell : 0; // the density has its height inside its ends
      const share = Math.min(1, Math.max(0, (densityAt(x, moment.pData, at + edge) - floor) / (ceiling - floor)));
      const words = `${(left + ((at - min) / (max - min)) * width).toFixed(1)}px ${(top + (1 - share) * height).toFixed(1)}px`;
      if (handle.place === words) continue;
      handle.place = words;
      handle.node.style.translate = words;
    }
  }

  function seize(handle, event) {
    if (event.button > 0 || !geometry) return;
    event.preventDefault();
    event.stopPropagation();
    handle.node.focus({ preventScroll: true });
    handle.node.setPointerCapture(event.pointerId);
    picture.holdAxis(true);
    grip = { handle, from: event.clientX, value: handle.value, perPixel: (geometry.max - geometry.min) / geometry.width };
    handle.node.classList.add('held');
  }

  function drag(event) {
    if (grip) set(grip.handle, grip.value + (event.clientX - grip.from) * grip.perPixel);
  }

  function let_go() {
    if (!grip) return;
    grip.handle.node.classList.remove('held');
    grip = null;
    reporter.flush();
    picture.holdAxis(false);
  }

  function onKey(handle, event) {
    const steps = KEY_STEPS[event.key];
    if (!steps || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows step through the run elsewhere
    set(handle, handle.value + steps * (event.shiftKey ? 5 : 1) * handle.step);
  }

  function build(described) {
    const same = handles.length === described.length && described.every((one, i) => one.label === handles[i].label && one.name === handles[i].name);
    if (!same) {
      let_go();
      handles = described.map((one) => ({ ...one, node: element('div', `handle ${one.of ? 'width' : 'place'}`, { role: 'slider', tabindex: '0' }), place: '' }));
      layer.replaceChildren(...handles.map((handle) => handle.node));
      for (const handle of handles) {
        handle.node.addEventListener('pointerdown', (event) => seize(handle, event));
        handle.node.addEventListener('pointermove', drag);
        for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) handle.node.addEventListener(end, let_go);
        handle.node.addEventListener('keydown', (event) => onKey(handle, event));
      }
    }
    handles.forEach((handle, i) => {
      if (!grip && !reporter.busy) handle.value = described[i].value;
      for (const [attribute, value] of [['label', described[i].label], ['valuemin', described[i].low], ['valuemax', described[i].high]]) {
        handle.node.setAttribute(`aria-${attribute}`, String(value));
      }
      name(handle);
    });
  }

  picture.follow((next, where) => {
    moment = next;
    geometry = where;
    place();
  });

  return {
    setRun(next) {
      run = next;
      reporter.answered();
      const described = run.meta.editing ? run.meta.editing.handles : [];
      toggle.hidden = !described.length;
      build(described);
      place();
    },
    destroy: reporter.destroy,
  };
}
