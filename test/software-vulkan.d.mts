export function prepareVulkan(): void;
export function softwareDriver(): string | undefined;
