/** A density drawn over the x axis with mouse, finger or keys; the host makes the real data of it. */

const COLUMNS = 160;
const BRUSH = 4; // columns, of the bump that a key raises
const LIFT = 0.06; // of the height, by a key
const FULL = 1000; // heights are told as whole numbers up to this

/** Raises a curve between two points, one value a column. */
function strokeBetween(heights, from, to) {
  const [first, last] = from.column <= to.column ? [from, to] : [to, from];
  for (let column = first.column; column <= last.column; column++) {
    const share = last.column === first.column ? 1 : (column - first.column) / (last.column - first.column);
    heights[column] = first.height + share * (last.height - first.height);
  }
}

/** Raises, or with a negative lift lowers, a smooth bump. */
function bump(heights, column, lift) {
  for (let i = 0; i < heights.length; i++) {
    const apart = (i - column) / BRUSH;
    heights[i] = Math.min(1, Math.max(0, heights[i] + lift * Math.exp(-apart * apart / 2)));
  }
}

function createDrawing(box, picture, tools, text, send, say) {
  const words = text.editing;
  const toggle = element('button', 'tool-button draw', { type: 'button', 'aria-pressed': 'false', title: words.draw_help, hidden: '' }, [icon('draw'), words.draw]);
  const canvas = element('canvas', '');
  const surface = element('div', 'drawing', { tabindex: '0', role: 'application', 'aria-label': words.surface }, [canvas]);
  const heights = new Float32Array(COLUMNS);
  let last = null; // where the pointer was
  let column = COLUMNS >> 1; // where the keys raise
  let keys = false;

  tools.append(toggle);

  function paint() {
    const ratio = devicePixelRatio;
    const { width, height } = canvas;
    const ctx = canvas.getContext('2d');
    const style = getComputedStyle(surface);
    const y = (value) => height - value * (height - 2 * ratio);
    ctx.clearRect(0, 0, width, height);
    ctx.beginPath();
    ctx.moveTo(0, height);
    heights.forEach((value, i) => ctx.lineTo((i / (COLUMNS - 1)) * width, y(value)));
    ctx.lineTo(width, height);
    ctx.fillStyle = style.getPropertyValue('--player-real-fill');
    ctx.fill();
    ctx.strokeStyle = style.getPropertyValue('--player-real');
    ctx.lineWidth = 3 * ratio;
    ctx.stroke();
    if (!keys) return;
    const place = (column / (COLUMNS - 1)) * width;
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(place, 0);
    ctx.lineTo(place, height);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  function open(on) {
    toggle.setAttribute('aria-pressed', String(on));
    last = null;
    if (!on) {
      surface.remove();
      return;
    }
    box.append(surface);
    const where = picture.geometry();
    Object.assign(surface.style, { left: `${where.left}px`, top: `${where.top}px`, width: `${where.width}px`, height: `${where.height}px` });
    canvas.width = Math.round(where.width * devicePixelRatio);
    canvas.height = Math.round(where.height * devicePixelRatio);
    heights.fill(0);
    keys = false;
    paint();
    surface.focus({ preventScroll: true });
    say(matchMedia('(hover: none)').matches ? words.drawing_touch : words.drawing);
  }

  function close() {
    open(false);
    toggle.focus({ preventScroll: true });
    say('');
  }

  function finish() {
    if (!heights.some((value) => value > 0.01)) {
      say(words.nothing_drawn);
      return;
    }
    const { min, max } = picture.geometry();
    send('draw', { low: min, high: max, heights: Array.from(heights, (value) => Math.round(value * FULL)) });
    close();
  }

  function point(event) {
    const area = surface.getBoundingClientRect();
    const across = (event.clientX - area.left) / area.width;
    const up = 1 - (event.clientY - area.top) / area.height;
    return { column: Math.round(Math.min(1, Math.max(0, across)) * (COLUMNS - 1)), height: Math.min(1, Math.max(0, up)) };
  }

  toggle.addEventListener('click', () => (surface.isConnected ? close() : open(true)));
  surface.addEventListener('pointerdown', (event) => {
    if (event.button > 0) return;
    event.preventDefault();
    event.stopPropagation();
    surface.focus({ preventScroll: true });
    surface.setPointerCapture(event.pointerId);
    keys = false;
    last = point(event);
    heights.fill(0);
    strokeBetween(heights, last, last);
    paint();
  });
  surface.addEventListener('pointermove', (event) => {
    if (!last) return;
    for (const one of event.getCoalescedEvents ? [...event.getCoalescedEvents(), event] : [event]) {
      const next = point(one);
      strokeBetween(heights, last, next);
      last = next;
    }
    paint();
  });
  surface.addEventListener('pointerup', () => {
    if (!last) return;
    last = null;
    finish();
  });
  surface.addEventListener('pointercancel', () => { last = null; });
  surface.addEventListener('keydown', (event) => {
    const { key } = event;
    if (key === 'Tab' || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 8 : 2;
    const actions = {
      ArrowLeft: () => { column = Math.max(0, column - step); },
      ArrowRight: () => { column = Math.min(COLUMNS - 1, column + step); },
      ArrowUp: () => bump(heights, column, LIFT),
      ArrowDown: () => bump(heights, column, -LIFT),
      Enter: finish,
      Escape: close,
    };
    event.stopPropagation();
    if (!actions[key]) return;
    event.preventDefault();
    keys = true;
    actions[key]();
    if (surface.isConnected) paint();
  });

  return {
    setRun(run) {
      toggle.hidden = !run.meta.editing;
      if (toggle.hidden) open(false);
    },
    /** The picture has another size: what was begun no longer fits. */
    resize() {
      if (surface.isConnected) close();
    },
  };
}
