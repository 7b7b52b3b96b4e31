/**
 * Writes what Vitest learns to the file that TANDEM_KIT_LINES names, a line of JSON each and at once, so that a run
 * that is killed has told what it had found and what was under way.
 */
import { appendFileSync } from 'node:fs';

export default class LineReporter {
  onTestCaseReady(test) {
    write({ begun: nameOf(test) });
  }

  onTestCaseResult(test) {
    const { state, errors = [] } = test.result();
    const name = nameOf(test);
    const milliseconds = Math.round(test.diagnostic()?.duration ?? 0);
    write(state === 'failed' ? { state, name, milliseconds, error: textOf(errors[0]) } : { state, name, milliseconds });
  }

  /** A file that cannot be loaded has no test that fails. */
  onTestModuleEnd(module) {
    for (const error of module.errors())
      write({ state: 'failed', name: module.relativeModuleId, milliseconds: 0, error: textOf(error) });
  }

  onTestRunEnd(_modules, unhandled) {
    for (const error of unhandled)
      write({ state: 'failed', name: 'outside of any test', milliseconds: 0, error: textOf(error) });
  }
}

const nameOf = (test) => `${test.module.relativeModuleId} > ${test.fullName}`;
const textOf = (error) => String(error?.message ?? error).slice(0, 2000);
const write = (line) => appendFileSync(process.env.TANDEM_KIT_LINES, `${JSON.stringify(line)}\n`);
