/**
 * 20 panels, each with a subscription of its own: ten show the loss of a run, ten what changes in all lists. Everything
 * is told to `window.panels`, and how long queries take meanwhile to `window.answers`.
 */
import { createClient, RunEventsDocument } from '/client/index.js';

const options = new URLSearchParams(location.search);
const [url, run, after] = ['server', 'run', 'after'].map((name) => options.get(name));
const client = createClient({ url, ...(options.has('streams') && { webSocket: false }) });
const changes = {
  kind: 'subscription',
  name: 'Changes',
  text: 'subscription Changes($after: Int64) { changes(after: $after) { seq change { kind type } } }',
};
const now = { kind: 'query', name: 'Now', text: 'query Now { changeSeq }' };
Object.assign(globalThis, { panels: [], answers: [] });

function addPanel(title) {
  const section = document.createElement('section');
  section.innerHTML = `<h2>${title}</h2><svg viewBox="0 0 100 100" preserveAspectRatio="none"><polyline /></svg><p></p>`;
  document.querySelector('main').append(section);
  const panel = { title, seqs: [], isOver: false, error: undefined };
  globalThis.panels.push(panel);
  return { panel, line: section.querySelector('polyline'), text: section.querySelector('p') };
}

/** A line through the values, from the left to the right of its panel. */
function draw(line, values) {
  const [most, least] = [Math.max(...values), Math.min(...values)];
  const place = (value, i) => [
    (100 * i) / Math.max(1, values.length - 1),
    5 + (90 * (most - value)) / (most - least || 1),
  ];
  line.setAttribute('points', values.map(place).join(' '));
}

async function showRun(name) {
  const { panel, line, text } = addPanel(`${name}: loss`);
  const losses = [];
  try {
    for await (const { runEvents: event } of client.subscribe(RunEventsDocument, { runId: run, after: 0 })) {
      if (event.__typename === 'RunHeartbeat') continue;
      panel.seqs.push(event.seq);
      if (event.__typename === 'RunStep') losses.push(event.loss);
      draw(line, losses);
      text.textContent = `event ${event.seq}  ${event.__typename}\nloss ${losses.at(-1)?.toFixed(4) ?? ''}`;
    }
    panel.isOver = true;
  } catch (error) {
    panel.error = String(error);
  }
}

async function showChanges(name) {
  const { panel, line, text } = addPanel(`${name}: changes`);
  try {
    for await (const { changes: event } of client.subscribe(changes, { after: Number(after) })) {
      if (!event.change) continue;
      panel.seqs.push(event.seq);
      draw(line, panel.seqs);
      text.textContent = `change ${event.seq}\n${event.change.type} ${event.change.kind}`;
    }
  } catch (error) {
    panel.error = String(error);
  }
}

for (let i = 1; i <= 10; i++) {
  void showRun(`Panel ${2 * i - 1}`);
  void showChanges(`Panel ${2 * i}`);
}
setInterval(async () => {
  const asked = performance.now();
  await client.execute(now, {});
  globalThis.answers.push(performance.now() - asked);
}, 200);
