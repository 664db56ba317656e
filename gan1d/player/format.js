/** Words and numbers as the player writes them. */

const NARROW_SPACE = '\u202f';
const MINUS = '\u2212';

/** Puts values into a template: fill('at {n}', {n: 3}) is 'at 3'. */
function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** An integer with its thousands set apart: 12 345. */
function formatInteger(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE).replace('-', MINUS);
}

/**
 * A measured value in about three digits, with a steady number of decimals per magnitude.
 * @param {number} value
 * @param {{infinite: string, undefined: string}} text
 */
function formatValue(value, text) {
  if (value === null || Number.isNaN(value)) return text.undefined;
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : '';
  if (size === Infinity) return sign + text.infinite;
  if (size >= 1e6) return sign + size.toExponential(1).replace('e+', 'e');
  if (size >= 1000) return sign + formatInteger(size);
  const digits = (size >= 100 ? size.toFixed(0) : size >= 10 ? size.toFixed(1) : size >= 1 ? size.toFixed(2) : size.toFixed(3));
  return Number(digits) === 0 ? digits : sign + digits;
}

/** A tick of an axis: as short as it can be. */
function formatTick(value) {
  const size = Math.abs(value);
  const digits = size >= 1e5 ? size.toExponential(0).replace('e+', 'e') : size >= 1000 ? formatInteger(size) : String(Number(size.toPrecision(4)));
  return (value < 0 ? MINUS : '') + digits;
}

/** A tick of an axis of probabilities, where one half is the one to look for. */
function formatProbabilityTick(value) {
  return value === 0.5 ? '½' : formatTick(value);
}

/** A tick of an axis of powers of ten: 0.01, 1, 10⁻⁵. */
function formatPower(value) {
  const power = Math.round(Math.log10(value));
  if (Math.abs(power) < 3 || Math.abs(value / 10 ** power - 1) > 1e-9) return formatTick(value);
  return `10${String(power).replace('-', '⁻').replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit])}`;
}
