/** How long SVIDs live where nobody asks for less, and at most whatever policy says. */
export const defaultX509TtlSeconds = 3_600
export const maxX509TtlSeconds = 86_400
export const defaultJwtTtlSeconds = 300
export const maxJwtTtlSeconds = 3_600
