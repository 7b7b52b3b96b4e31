export function prepareVulkan(): void;
