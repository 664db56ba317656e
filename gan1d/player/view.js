/** How a run is looked at: what a link carries beside the settings, and every part of the player can hear of. */

/**
 * @param {Object} initial name -> value; values are JSON
 * @returns {{get: (name: string) => any, set: (name: string, value: any) => void, all: () => Object,
 *   on: (name: string, listener: (value: any) => void) => void}} a name of "*" hears of every change
 */
function createView(initial) {
  const values = { ...initial };
  const listeners = new Map();
  const tell = (name, value) => (listeners.get(name) || []).forEach((listener) => listener(value));
  return {
    get: (name) => values[name],
    set(name, value) {
      if (JSON.stringify(values[name]) === JSON.stringify(value)) return;
      values[name] = value;
      tell(name, value);
      tell('*', values);
    },
    all: () => ({ ...values }),
    on(name, listener) {
      listeners.set(name, [...(listeners.get(name) || []), listener]);
    },
  };
}
