/** What all pages of the site do: the theme, what is kept in this browser, and the player in its place. Classic scripts: they run from any disk. */

const gan1dSite = (() => {
  /** What this browser keeps for the site; where it keeps nothing, as long as the page is open. */
  const held = new Map();
  const store = {
    get(name) {
      try {
        return localStorage.getItem(name);
      } catch {
        return held.get(name) ?? null;
      }
    },
    set(name, value) {
      held.set(name, value);
      try {
        localStorage.setItem(name, value);
      } catch {
        // Nothing is kept then.
      }
    },
  };

  /** {lesson: {choice: its index, or null where the question was skipped; seen: whether the explanation was}}; what was damaged is left out. */
  function answers() {
    try {
      const found = JSON.parse(store.get('gan1d-lessons') || '{}');
      return found && typeof found === 'object' && !Array.isArray(found) ? found : {};
    } catch {
      return {};
    }
  }

  function remember(lesson, answer) {
    store.set('gan1d-lessons', JSON.stringify({ ...answers(), [lesson]: answer }));
  }

  const loading = new Map();
  /** The packed data of a run: a script beside the page, for pages from a disk may read nothing else. */
  function runData(folder, name) {
    if (!loading.has(name)) {
      loading.set(name, new Promise((resolve, reject) => {
        if (window.gan1dRuns?.[name]) {
          resolve(window.gan1dRuns[name]);
          return;
        }
        const script = document.createElement('script');
        script.src = `${folder}${name}.js`;
        script.onload = () => (window.gan1dRuns?.[name] ? resolve(window.gan1dRuns[name]) : reject(new Error(`nothing in ${script.src}`)));
        script.onerror = () => {
          loading.delete(name);
          reject(new Error(`${script.src} cannot be read`));
        };
        document.head.append(script);
      }));
    }
    return loading.get(name);
  }

  /**
   * The place of the player: plays one scene at a time.
   * @param {HTMLElement} root with the scenes in `data-site`
   */
  function createPlace(root) {
    const { folder, scenes } = JSON.parse(root.dataset.site);
    const still = [...root.childNodes];
    let turn = 0;
    let player = null;

    function clear() {
      if (player) player.destroy();
      player = null;
      root.replaceChildren();
    }

    return {
      /** Gets the data of a scene ready. */
      prepare: (name) => runData(folder, scenes[name].run).catch(() => {}),
      async show(name) {
        turn += 1;
        const mine = turn;
        const { run, more } = scenes[name];
        root.setAttribute('aria-busy', 'true');
        try {
          const data = await runData(folder, run);
          const unpacked = await gan1dPlayer.unpackRun(data);
          if (mine !== turn) return;
          clear();
          const { meta, arrays } = unpacked;
          player = gan1dPlayer.createPlayer(root, { meta: { ...meta, ...more, text: gan1dPlayer.text }, arrays });
        } catch (error) {
          if (mine !== turn) return;
          clear();
          const note = document.createElement('p');
          note.className = 'page-note';
          note.setAttribute('role', 'alert');
          note.textContent = root.dataset.failed;
          root.append(...still, note);
          throw error; // the console says why
        } finally {
          if (mine === turn) root.removeAttribute('aria-busy');
        }
      },
      leave() {
        turn += 1;
        clear();
      },
    };
  }

  function startTheme(button) {
    const root = document.documentElement;
    button.hidden = false;
    button.addEventListener('click', () => {
      const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
      root.dataset.theme = isDark ? 'light' : 'dark';
      store.set('gan1d-theme', root.dataset.theme);
    });
  }

  /** Which lessons were done, in the list of all. */
  function tick() {
    const links = [...document.querySelectorAll('[data-lesson-link]')];
    const done = answers();
    const isDone = (link) => Boolean(done[link.dataset.lessonLink]?.seen);
    for (const link of links) link.querySelector('.s-tick').hidden = !isDone(link);
    for (const line of document.querySelectorAll('[data-done]')) {
      const count = links.filter(isDone).length;
      line.hidden = count === 0;
      line.textContent = line.dataset.done.replace('{done}', count).replace('{all}', links.length);
    }
  }

  document.querySelectorAll('.page-theme').forEach(startTheme);
  tick();
  window.addEventListener('pageshow', tick); // come back to, a page may be as it was left
  const place = document.querySelector('[data-site]');
  const shown = place && createPlace(place);
  if (shown && '' in JSON.parse(place.dataset.site).scenes) shown.show('');
  return { place: shown, answers, remember };
})();
