/** Prints which client can do what, from the tests that showed it; fails a whole run in which a cell has no test. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { type Cell, capabilities, clients } from './capabilities.ts';

export class CapabilityTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const found = new Map<string, string>();
    const reasons: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { cell } = test.meta();
        if (cell === undefined) continue;
        found.set(keyOf(cell), wordOf(cell, test));
        if (cell.cannot !== undefined) reasons.push(`${cell.client}, ${cell.capability}: ${cell.cannot}`);
      }
    }
    const rows = clients.map((client) => [
      client,
      ...capabilities.map((capability) => found.get(keyOf({ client, capability })) ?? 'not tried'),
    ]);
    process.stdout.write(`\n${tableOf([['', ...capabilities], ...rows])}\n\n`);
    for (const reason of reasons) process.stdout.write(`no: ${reason}\n`);
    const missing = rows.flat().filter((word) => word === 'not tried').length;
    const isWhole = process.argv.slice(2).every((argument) => !/\.test\.tsx?$/.test(argument));
    if (missing === 0 || !isWhole) return;
    process.stdout.write(`${missing} cells have no test\n`);
    process.exitCode = 1;
  }
}

const keyOf = ({ client, capability }: Pick<Cell, 'client' | 'capability'>): string => `${client} ${capability}`;

function wordOf({ cannot }: Cell, test: TestCase): string {
  if (test.result().state !== 'passed') return 'FAILED';
  return cannot === undefined ? 'yes' : 'no';
}

/** The rows as a table of Markdown; the first is its head. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]): string => `| ${row.map((word, i) => word.padEnd(widths[i])).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}
