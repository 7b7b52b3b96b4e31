/** Calls by IPC: each message to a process that was forked is answered by one with the same id. */

export function asker(child) {
  const waiting = new Map();
  let last = 0;
  child.on('message', ({ id, answer, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(answer);
    else reject(new Error(error));
  });
  return (call, options = {}) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      child.send({ call, id: last, options });
    });
}
