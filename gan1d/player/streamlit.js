/** The player as a Streamlit component (v2). Streamlit calls this on mount and on every rerun or theme switch. */

const LEFT = 'gan1dLeft'; // of window: how the run was looked at when its page was left for another one of the app
const mounted = new WeakMap(); // parent element -> {root, player, calls}

/** A column of an Arrow table: codes as they are, numbers as floats; nulls, which is what pandas makes of NaN, are NaN again. */
function column(table) {
  const column = table.getChildAt(0);
  const given = column.toArray();
  if (given instanceof Uint16Array) return given.slice();
  const values = new Float32Array(given);
  if (column.nullCount) for (let i = 0; i < values.length; i++) if (!column.isValid(i)) values[i] = NaN;
  return values;
}

function readData({ meta, ...tables }) {
  return { meta, arrays: Object.fromEntries(Object.entries(tables).filter(([, table]) => table).map(([name, table]) => [name, column(table)])) };
}

/** Styles of the page around the player, which it keeps while it is there. */
function keepPageStyle(css) {
  let style = document.getElementById('gan1d-page-style');
  if (!css) {
    if (style) style.remove();
    return;
  }
  if (!style) {
    style = document.createElement('style');
    style.id = 'gan1d-page-style';
    document.head.append(style);
  }
  if (style.textContent !== css) style.textContent = css;
}

let stylers = 0; // players that have styled their page

export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('[data-gan1d-player]');
  let entry = mounted.get(parentElement);
  if (entry && entry.root !== root) {
    entry.player.destroy();
    stylers -= Number(entry.linked);
    entry = null;
  }
  if (entry) {
    entry.calls += 1;
    entry.player.update(readData(data));
  } else {
    const create = data.meta.runs ? createComparison : createPlayer;
    const given = readData(data);
    const linked = Boolean(given.meta.link);
    if (linked) given.meta = { ...given.meta, view: { ...given.meta.view, ...window[LEFT] } };
    entry = { root, linked, player: create(root, given, (id, payload = {}) => setTriggerValue('action', { id, ...payload })), calls: 1 };
    mounted.set(parentElement, entry);
    stylers += Number(linked);
  }
  keepPageStyle(data.meta.page_css);

  // Streamlit cleans up on unmount, but also after a call that a newer one has overtaken while the module loaded:
  // only the newest call's cleanup may end the player, and the newer call may be one task away.
  const call = entry.calls;
  return () => setTimeout(() => {
    if (entry.calls !== call || mounted.get(parentElement) !== entry) return;
    mounted.delete(parentElement);
    if (entry.linked) window[LEFT] = entry.player.look();
    entry.player.destroy();
    stylers -= Number(entry.linked);
    if (!stylers) keepPageStyle('');
  });
}
