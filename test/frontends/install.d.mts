export const root: string;
export function install(folder: string): void;
export function run(command: string, args: readonly string[], cwd: string, environment?: Record<string, string>): void;
