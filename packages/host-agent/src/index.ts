export const packageName = '@mayfly/host-agent'
