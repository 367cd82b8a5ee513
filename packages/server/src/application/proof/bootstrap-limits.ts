/** How long a bootstrap secret counts, and how often it may be guessed at (32 random bytes: never rightly). */
export const bootstrapTtlSeconds = 900
export const maxBootstrapAttempts = 10
