// After a refused form the focus goes to the summary, so that a screen reader starts with what to mend.
import htmx from './htmx.js';

htmx.onLoad((content) => {
  const summary = content.matches('[data-error-summary]') ? content : content.querySelector('[data-error-summary]');
  if (!summary) return;
  summary.tabIndex = -1;
  summary.focus();
});
