/** How fast changes are replayed: the last thousand of them to one reader, as server-sent events. Used by lists.mjs. */

const wanted = 1_000;

/** Milliseconds until `wanted` changes behind `last - wanted` have come, ids only and with their nodes. */
export async function measureReplay(url, last, tell) {
  const after = Math.max(0, last - wanted);
  const figures = {};
  for (const [name, fields] of Object.entries({ ids: 'nodeId kind', nodes: 'nodeId kind node { id }' })) {
    const query = `subscription { changes(after: ${after}) { seq change { ${fields} } } }`;
    const stop = new AbortController();
    const begun = performance.now();
    const answer = await fetch(url, {
      ...{ method: 'POST', signal: stop.signal, body: JSON.stringify({ query }) },
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-graphql-yoga-csrf': '1' },
    });
    let [count, rest] = [0, ''];
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop();
      if (parts.some((part) => part.includes('"errors"'))) throw new Error(`changes: ${parts.join()}`);
      count += parts.filter((part) => part.includes('event: next')).length;
      if (count >= last - after) break;
    }
    figures[name] = performance.now() - begun;
    stop.abort();
    tell(`${count} changes replayed with ${name}: ${figures[name].toFixed(0)} ms`);
  }
  return { changes: last - after, ...figures };
}
