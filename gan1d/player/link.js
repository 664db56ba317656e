/** The address: it holds the settings, as the host gives them, and where and how the run is looked at, as the player knows it. */

const OWN_NAME = /^(v|s|at|then)$|^(data|generator|discriminator|training|w)\./; // what a link of this page says; other names stay
const REST = 300; // ms without a change before the address is written: browsers count how often that is done

/** A text in a query, with the marks left readable that mean nothing there. */
function inQuery(value) {
  return encodeURIComponent(value).replace(/%2C/g, ',').replace(/%3A/g, ':').replace(/%3B/g, ';');
}

/** A value of the view as a link says it: true, 2, batch, or a list with a comma behind each. */
function viewText(value) {
  return Array.isArray(value) ? value.map((item) => `${item},`).join('') || ',' : String(value);
}

/** [name, text] of everything in a view; what lies in an object has a name of two parts. */
function viewPairs(view) {
  return Object.entries(view).flatMap(([name, value]) => {
    if (value === null || value === undefined || name === 'iteration') return [];
    if (typeof value !== 'object' || Array.isArray(value)) return [[`w.${name}`, viewText(value)]];
    return Object.entries(value).map(([inner, part]) => [`w.${name}.${inner}`, viewText(part)]);
  });
}

/** The query of a link: settings, iteration (null for none), view, and what else stood in the address. */
function linkQuery(settings, iteration, view, search) {
  const others = [...new URLSearchParams(search)].filter(([name]) => !OWN_NAME.test(name));
  const place = iteration === null ? [] : [['at', String(iteration)]];
  return [settings, ...[...place, ...viewPairs(view), ...others].map(([name, value]) => `${inQuery(name)}=${inQuery(value)}`)].join('&');
}

/** Copies a text; where the browser has no clipboard for this page, by way of a field that is there for a moment. */
async function copyText(value, near) {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    const field = element('textarea', 'copied-from', { readonly: '', 'aria-hidden': 'true' });
    field.value = value;
    near.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}

/**
 * @param {HTMLElement} tools where the button goes
 * @param {{now: () => number, playing: () => boolean}} clock the iteration shown
 */
function createLink(tools, text, view, clock, say) {
  let settings = null; // nothing to link to: the host has no address for a run
  let timer = 0;
  const button = element('button', 'tool-button copy', { type: 'button', hidden: '' }, [icon('link'), text.link.copy]);
  tools.append(button);

  const query = (iteration) => linkQuery(settings, iteration, view.all(), location.search);
  const address = (iteration) => `${location.pathname}?${query(iteration)}${location.hash}`;

  function write() {
    timer = 0;
    if (settings === null) return;
    const next = address(clock.playing() ? null : clock.now());
    if (next !== location.pathname + location.search + location.hash) history.replaceState(history.state, '', next);
  }

  /** Once things have come to rest. */
  function later() {
    if (settings === null) return;
    clearTimeout(timer);
    timer = setTimeout(write, REST);
  }

  button.addEventListener('click', async () => {
    const link = new URL(address(clock.now()), location.href).href;
    const done = await copyText(link, tools);
    button.focus({ preventScroll: true });
    say(done ? text.link.copied : fill(text.link.not_copied, { link }));
  });
  view.on('*', later);

  return {
    later,
    setRun(run) {
      settings = run.meta.link || null;
      button.hidden = settings === null;
      later();
    },
    destroy() {
      clearTimeout(timer);
    },
  };
}
