// A browser writes a date field in its own language's order (11/04 or 04/11?), which a page cannot change. So the chosen
// day stands in words beside it. The field itself says the day to a screen reader already.
const words = (input) => {
  const day = input.value && new Date(input.type === 'date' ? `${input.value}T00:00` : input.value);
  if (!day || Number.isNaN(day.getTime())) return '';
  return new Intl.DateTimeFormat(document.documentElement.lang === 'en' ? 'en-GB' : 'sv-SE', {
    weekday: 'short', day: 'numeric', month: 'long', year: 'numeric',
    ...(input.type === 'date' ? {} : { hour: '2-digit', minute: '2-digit' }),
  }).format(day);
};

function tell(input) {
  let beside = input.nextElementSibling;
  if (!beside?.matches('.date-words')) {
    beside = document.createElement('span');
    beside.className = 'date-words';
    beside.setAttribute('aria-hidden', 'true');
    input.after(beside);
  }
  beside.textContent = words(input);
}

const all = () => document.querySelectorAll('input[type=date], input[type=datetime-local]').forEach(tell);
document.addEventListener('input', (event) => event.target.matches?.('input[type=date], input[type=datetime-local]') && tell(event.target));
document.addEventListener('htmx:load', all);
all();
