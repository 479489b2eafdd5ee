// What every page loads. Each part listens on the document, so content that htmx swaps in needs no wiring of its own.
import './htmx.js';
import './guard.js';
import './autosave.js';
import './repeat.js';
import './shortcuts.js';
import './errors.js';
import './pane.js';
import './hide.js';
import './once.js';
import './progress.js';
import './idle.js';
import './dates.js';
