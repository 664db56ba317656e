/** A lesson: nothing of the run before a prediction; the step stands in the address, the answer is kept in this browser. */

(() => {
  const STEPS = ['question', 'run', 'explanation', 'try'];
  const { place, answers, remember } = gan1dSite;
  const body = document.querySelector('[data-lesson]');
  const lesson = body.dataset.lesson;
  const form = body.querySelector('form');
  const submit = form.querySelector('[type=submit]');
  const buttons = [...document.querySelectorAll('[data-step]')];
  const choices = [...form.elements.choice];

  /** What was answered to this lesson's question: {choice, seen}, or nothing. */
  function given() {
    const found = answers()[lesson];
    if (!found || typeof found !== 'object') return null;
    return found.choice === null || choices[found.choice] ? found : null;
  }

  let shown = null;

  function show() {
    const answer = given();
    const wanted = location.hash.slice(1);
    const step = answer && STEPS.includes(wanted) ? wanted : STEPS[0];
    body.dataset.now = step;
    for (const part of body.querySelectorAll('[data-part]')) part.classList.toggle('s-now', part.dataset.part === step);
    for (const button of buttons) {
      button.disabled = !answer && button.dataset.step !== STEPS[0];
      if (button.dataset.step === step) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
    }
    const when = answer && (answer.choice === null ? 'skipped' : String(answer.choice));
    for (const part of body.querySelectorAll('[data-when]')) part.classList.toggle('s-now', part.dataset.when === when);
    for (const [i, choice] of choices.entries()) choice.checked = answer !== null && answer.choice === i;
    submit.disabled = !choices.some((choice) => choice.checked);
    if ((step === 'explanation' || step === 'try') && !answer.seen) remember(lesson, { ...answer, seen: true });
    if (step === shown) return;
    const first = shown === null;
    shown = step;
    if (step === STEPS[0]) place.leave();
    else place.show(step);
    if (!first) window.scrollTo({ top: 0 });
  }

  function go(step) {
    if (location.hash === `#${step}`) show();
    else location.hash = step;
  }

  function answer(choice) {
    remember(lesson, { choice, seen: Boolean(given()?.seen) });
    go('run');
    show();
  }

  form.addEventListener('change', () => {
    submit.disabled = false;
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    answer(choices.findIndex((choice) => choice.checked));
  });
  form.querySelector('[data-skip]').addEventListener('click', () => answer(null));
  for (const button of buttons) button.addEventListener('click', () => go(button.dataset.step));
  window.addEventListener('hashchange', show);
  show();
  place.prepare('run'); // while the question is read
})();
