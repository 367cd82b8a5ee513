/** Every route of the server, a list a resource. A new file of routes is one line here. */
export const resources = [] as const
