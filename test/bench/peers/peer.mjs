/**
 * A peer: a process that lives as long as the bench and answers one JSON line for each that it is sent, so that its
 * start is not counted and it does nothing while others are measured.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Peer {
  #child;
  #name;
  #waiting = [];
  #said = '';

  constructor(name, command, args) {
    this.#name = name;
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'true' },
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#waiting.shift()?.resolve(JSON.parse(line));
    });
    this.#child.stderr.on('data', (chunk) => {
      this.#said = (this.#said + chunk).slice(-4_000);
    });
    this.#child.on('error', (error) => this.#fail(error.message));
    this.#child.on('exit', (code, signal) => this.#fail(`it ended with ${signal ?? code}`));
    // A request to a process that has ended fails by its exit.
    this.#child.stdin.on('error', () => {});
  }

  /** The answer to a command; rejects with the end of what the process said on stderr if it dies. */
  ask(command, parameters = {}) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ do: command, with: parameters })}\n`);
    });
  }

  /** Milliseconds that a command took by the peer's own clock. */
  async time(command, parameters) {
    return (await this.ask(command, parameters)).ms;
  }

  end() {
    this.#child.removeAllListeners('exit');
    this.#child.stdin.end();
    this.#child.kill();
  }

  #fail(reason) {
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new Error(`The peer ${this.#name} failed: ${reason}\n${this.#said}`));
    }
  }
}
