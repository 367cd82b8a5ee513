// Made by `npm run generate` from docs/reference/openapi.json. Do not edit.

export interface paths {
    "/oauth/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * prove and get an access token (RFC 6749 section 4.4, RFC 7523)
         * @description Another tenant than the default one has the same below `/t/{tenant}`, with an issuer of its own.
         */
        post: operations["issueToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * get a challenge for a key that logs in by challenge
         * @description Another tenant than the default one has the same below `/t/{tenant}`, with an issuer of its own.
         */
        post: operations["makeLoginChallenge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/introspect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * ask whether a token is live (RFC 7662)
         * @description Another tenant than the default one has the same below `/t/{tenant}`, with an issuer of its own.
         */
        post: operations["introspectToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * end a token of one’s own (RFC 7009)
         * @description Another tenant than the default one has the same below `/t/{tenant}`, with an issuer of its own.
         */
        post: operations["revokeToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/back-channel-logout/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description of a sign-in provider */
                provider: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * tell that somebody has signed out at a sign-in provider (OpenID Connect Back-Channel Logout 1.0)
         * @description Another tenant than the default one has the same below `/t/{tenant}`, with an issuer of its own.
         */
        post: operations["logOutAtProvider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/jwks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** read the keys that sign access tokens (RFC 7517) */
        get: operations["getTokenKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/status-lists": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** read where the status lists are (draft-ietf-oauth-status-list) */
        get: operations["listStatusLists"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/status-lists/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** read which tokens of a list have ended (draft-ietf-oauth-status-list) */
        get: operations["getStatusList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/openid-configuration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** the same metadata as OpenID Connect has it, for clouds that take our tokens */
        get: operations["getOpenidConfiguration"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/oauth-authorization-server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** read where the OAuth endpoints are (RFC 8414) */
        get: operations["getAuthorizationServerMetadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * say that the process is alive
         * @description Needs no token: says only that the process answers.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * say whether this server can take work
         * @description Checks the database, the clock, the audit log and the keys. Not ready is a problem with status 503.
         *
         *     Needs no token: names which check fails, nothing of what it found.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the OpenAPI 3.1 document of this server
         * @description Needs no token: it is published anyway.
         */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bootstrap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * register the first administrator and its public key
         * @description Needs no token: it takes the bootstrap secret, which opens once, within fifteen minutes, where there is no administrator.
         */
        post: operations["bootstrap"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list the signing keys
         * @description Judged by policy as `key.read`.
         */
        get: operations["listKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{purpose}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * take the next step in changing a signing key
         * @description Prepares and publishes a new key; after 600 s it becomes active by itself, or by asking again. A compromised key is replaced at once, and what it signed is believed no longer.
         *
         *     Judged by policy as `key.rotate`.
         */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/data-keys/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * seal under a new data key from now on, and seal again what is under the former ones
         * @description Judged by policy as `key.rotate`.
         */
        post: operations["rotateDataKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/attestations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list accepted proofs
         * @description Judged by policy as `attestation.read`.
         */
        get: operations["listAttestations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/attestations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show an accepted proof
         * @description Judged by policy as `attestation.read`.
         */
        get: operations["getAttestation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/join-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list join tokens, never their text
         * @description Judged by policy as `registry.read`.
         */
        get: operations["listJoinTokens"];
        put?: never;
        /**
         * make a token with which one machine joins as an identity
         * @description As powerful as writing a binding of that identity, and judged as that.
         *
         *     Judged by policy as `binding.write`.
         */
        post: operations["makeJoinToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/join-tokens/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * take back a join token that was not used
         * @description Judged by policy as `binding.write`.
         */
        post: operations["cancelJoinToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * register a key with a join token
         * @description Needs no token: it takes a join token, which counts once and for minutes, and a proof that the key is held.
         */
        post: operations["join"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/host/attestations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * vouch for a process of this host, as its host agent
         * @description Each identity whose binding fits gets an attestation that ends with the own one of the agent.
         *
         *     Judged by policy as `host.attest`.
         */
        post: operations["vouchForProcess"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/host/grace-uses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * tell what was served from memory beyond its freshness, or unheard, while the server could not be reached
         * @description Judged by policy as `host.attest`.
         */
        post: operations["reportGraceUses"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/host/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * hear at once what ended of all that this host agent vouched for
         * @description Events: `ready` once, when nothing that ends from then on is missed; `attestation_ended`; `bundle_changed`; `reissue`. Ends after five minutes at most: connect again, naming what you hold, and nothing is missed.
         *
         *     Judged by policy as `host.attest`.
         */
        get: operations["followHost"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in-providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list where people can sign in
         * @description Needs no token: who signs in is not known yet; it tells names and flows, which the sign-in page shows anyway.
         */
        get: operations["listSignInProviders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the keys with which this server proves itself at sign-in providers
         * @description Needs no token: a sign-in provider fetches them to check `private_key_jwt`; public halves only.
         */
        get: operations["getSignInKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-ins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * begin to sign in
         * @description The server is the client of the provider: no token of the provider leaves it. Finish it at `/v1/sign-ins/{id}/complete`.
         *
         *     Needs no token: who signs in is not known yet; it gives nothing, and an address may do it a bounded number of times.
         */
        post: operations["startSignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-ins/{id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * finish a sign-in, and get a session
         * @description Of flow `device` ask again while it is pending, after `interval` seconds. Of flow `code` give what the provider sent back with the browser; it counts once.
         *
         *     Needs no token: it takes a secret that only whoever began the sign-in has, and what the provider says of the person.
         */
        post: operations["finishSignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list who has signed in
         * @description Judged by policy as `session.read`.
         */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list people
         * @description Judged by policy as `registry.read`.
         */
        get: operations["listPeople"];
        put?: never;
        /**
         * register a person
         * @description Judged by policy as `person.write`.
         */
        post: operations["registerPerson"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/people/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show a person
         * @description Judged by policy as `registry.read`.
         */
        get: operations["getPerson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * change a person, or say that they have left
         * @description Where a person has left, every owner without an active person departs, and what its identities hold ends at once.
         *
         *     Judged by policy as `person.write`.
         */
        patch: operations["updatePerson"];
        trace?: never;
    };
    "/v1/owners": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list owners
         * @description Judged by policy as `registry.read`.
         */
        get: operations["listOwners"];
        put?: never;
        /**
         * register an owner
         * @description Judged by policy as `owner.write`.
         */
        post: operations["registerOwner"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/owners/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show an owner
         * @description Judged by policy as `registry.read`.
         */
        get: operations["getOwner"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * change an owner
         * @description A departed owner answers again once it is given an active person.
         *
         *     Judged by policy as `owner.write`.
         */
        patch: operations["updateOwner"];
        trace?: never;
    };
    "/v1/identities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list identities
         * @description Judged by policy as `registry.read`.
         */
        get: operations["listIdentities"];
        put?: never;
        /**
         * register an identity
         * @description Judged on its owner, so that a policy may let a team register its own.
         *
         *     Judged by policy as `identity.write`.
         */
        post: operations["registerIdentity"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/identities/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show an identity
         * @description Judged by policy as `registry.read`.
         */
        get: operations["getIdentity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * change an identity
         * @description Name, kind and environment are fixed: its SPIFFE ID is made of them. What it holds is decided again.
         *
         *     Judged by policy as `identity.write`.
         */
        patch: operations["updateIdentity"];
        trace?: never;
    };
    "/v1/identities/{ref}/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show what an identity can do right now
         * @description Judged by policy as `registry.read`.
         */
        get: operations["getIdentityHolds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/identities/{ref}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * suspend an identity: it can do nothing, and what it holds ends at once
         * @description Judged by policy as `identity.write`.
         */
        post: operations["suspendIdentity"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/identities/{ref}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * resume a suspended identity; what it held does not come back
         * @description Judged by policy as `identity.write`.
         */
        post: operations["resumeIdentity"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/identities/{ref}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * retire an identity for good, and end what it holds at once
         * @description Judged by policy as `identity.write`.
         */
        post: operations["retireIdentity"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list resources
         * @description Judged by policy as `registry.read`.
         */
        get: operations["listResources"];
        put?: never;
        /**
         * register a resource
         * @description Judged on its owner. The target is not touched: check the resource to prove that the settings suffice.
         *
         *     Judged by policy as `resource.write`.
         */
        post: operations["registerResource"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources/try": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * prove at a target that settings and rights suffice, before it is registered
         * @description Nothing is kept. With a permission it makes a login, tries it, ends it and sees it gone.
         *
         *     Judged by policy as `resource.write`.
         */
        post: operations["tryResource"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show a resource
         * @description Judged by policy as `registry.read`.
         */
        get: operations["getResource"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * change a resource
         * @description Name, provider and environment are fixed. `settings` are given whole. A new address or other TLS rules need `secret` too; while accounts may stand at the old address, also `same_target: true`.
         *
         *     Judged by policy as `resource.write`.
         */
        patch: operations["updateResource"];
        trace?: never;
    };
    "/v1/resources/{ref}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * prove at the target that the settings and rights suffice
         * @description Makes a login, tries it, ends it and sees it gone. Takes a few seconds. The first check that passes changes the password of Mayfly's own login to one that only it knows, unless the resource says `adopt_login: false`.
         *
         *     Judged by policy as `resource.check`.
         */
        post: operations["checkResource"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources/{ref}/rotate-login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * change the password of Mayfly's own login at the target, now
         * @description Nobody is shown the new one, and the old one is refused from then on. Where the target cannot be reached the change is begun, and goes on by itself.
         *
         *     Judged by policy as `resource.write`.
         */
        post: operations["rotateLogin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources/{ref}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * rotate a static secret at its system, now
         * @description Of a resource of the kind `static`. The version before goes on for `overlap_seconds`, so that consumers can read again; with `end_now` it ends at once. `leaked` raises a finding, and ends every version that others know when its notice is over.
         *
         *     Judged by policy as `resource.write`.
         */
        post: operations["rotateSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources/{ref}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * take a resource out of use, and end everything on it at once
         * @description Judged by policy as `resource.write`.
         */
        post: operations["retireResource"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list roles
         * @description Judged by policy as `registry.read`.
         */
        get: operations["listRoles"];
        put?: never;
        /**
         * register a role on a resource
         * @description Judged by policy as `role.write`.
         */
        post: operations["registerRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/roles/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show a role
         * @description Judged by policy as `registry.read`.
         */
        get: operations["getRole"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * change a role
         * @description Where what it permits changes, its live credentials end; where only limits change, they are decided again.
         *
         *     Judged by policy as `role.write`.
         */
        patch: operations["updateRole"];
        trace?: never;
    };
    "/v1/roles/{ref}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * take a role out of use, and end its credentials at once
         * @description Judged by policy as `role.write`.
         */
        post: operations["retireRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trust-providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list trust providers
         * @description Judged by policy as `registry.read`.
         */
        get: operations["listTrustProviders"];
        put?: never;
        /**
         * register a trust provider
         * @description Judged by policy as `trust_provider.write`.
         */
        post: operations["registerTrustProvider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trust-providers/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show a trust provider
         * @description Judged by policy as `registry.read`.
         */
        get: operations["getTrustProvider"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * change which proofs a trust provider believes
         * @description With other settings or another strength, the proofs accepted before no longer count.
         *
         *     Judged by policy as `trust_provider.write`.
         */
        patch: operations["updateTrustProvider"];
        trace?: never;
    };
    "/v1/trust-providers/{ref}/client-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * set the secret with which this server proves itself at a sign-in provider
         * @description Write-only: it is sealed, and never shown. Better is `private_key_jwt`, which needs none.
         *
         *     Judged by policy as `trust_provider.write`.
         */
        post: operations["setClientSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trust-providers/{ref}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * believe no proof of a trust provider any more, and end what its proofs gave
         * @description Judged by policy as `trust_provider.write`.
         */
        post: operations["retireTrustProvider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bindings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list bindings
         * @description Judged by policy as `registry.read`.
         */
        get: operations["listBindings"];
        put?: never;
        /**
         * say whose proof it is
         * @description As powerful as becoming that identity. Judged on the identity; for a person, on the tenant.
         *
         *     Judged by policy as `binding.write`.
         */
        post: operations["registerBinding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bindings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show a binding
         * @description Judged by policy as `registry.read`.
         */
        get: operations["getBinding"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * change which proof a binding takes
         * @description What was accepted under the old rule no longer counts, and what it gave ends.
         *
         *     Judged by policy as `binding.write`.
         */
        patch: operations["updateBinding"];
        trace?: never;
    };
    "/v1/bindings/{id}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * take a binding out of use, and end what its proofs gave
         * @description Judged by policy as `binding.write`.
         */
        post: operations["retireBinding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bindings/{id}/recover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * let a key that counts its logins begin anew, after a clone was seen or its count was lost
         * @description Asked by a person. At most three times in 24 hours for one key; where it may be in wrong hands, register a new key instead. With `resume` it also takes `identity.write`.
         *
         *     Judged by policy as `binding.write`.
         */
        post: operations["recoverBinding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/offline-bundle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * take along what another site needs to check what this one signs
         * @description A signed file (docs/formats/offline-bundle.md), true as of now. It holds nothing secret.
         *
         *     Judged by policy as `bundle.export`.
         */
        get: operations["exportOfflineBundle"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/offline-bundle/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show the keys that sign the offline bundles of this site
         * @description Pin them at the other site, compared on another way than the one that the files take.
         *
         *     Judged by policy as `bundle.export`.
         */
        get: operations["getOfflineBundleKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/offline-sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list the sites that are believed without a network
         * @description Judged by policy as `registry.read`.
         */
        get: operations["listOfflineSites"];
        put?: never;
        /**
         * register a site that is believed without a network
         * @description Judged by policy as `offline_site.write`.
         */
        post: operations["registerOfflineSite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/offline-sites/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show a site that is believed without a network
         * @description Judged by policy as `registry.read`.
         */
        get: operations["getOfflineSite"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * change how old the bundles of a site may be, or pin its keys anew
         * @description With other keys the site begins again: what was imported under the former ones is forgotten, and what was proven with it ends. With a lower age what was proven under the higher one ends: prove again.
         *
         *     Judged by policy as `offline_site.write`.
         */
        patch: operations["updateOfflineSite"];
        trace?: never;
    };
    "/v1/offline-sites/{ref}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * believe nothing of a site any more, and end what was proven with its bundles
         * @description Judged by policy as `offline_site.write`.
         */
        post: operations["retireOfflineSite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/offline-sites/{ref}/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * bring the offline bundle of a site
         * @description It takes the place of the one before. Refused: one that no believed key signed, that was changed, that is older than the last or than the site allows. The very same again changes nothing.
         *
         *     Judged by policy as `bundle.import`.
         */
        post: operations["importOfflineBundle"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/apply/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * show what applying a manifest would do
         * @description Carried out and undone in one transaction, so it shows exactly what applying does, refusals included.
         *
         *     Judged by policy as `registry.apply`.
         */
        post: operations["planManifest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/apply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * bring the registry to what a manifest says, all or nothing
         * @description Applied again it changes nothing. As powerful as every write of the registry together.
         *
         *     Judged by policy as `registry.apply`.
         */
        post: operations["applyManifest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list tasks
         * @description Judged by policy as `task.read`.
         */
        get: operations["listTasks"];
        put?: never;
        /**
         * declare a task: for what, by which identity, on which roles, until when
         * @description Judged by policy as `task.declare`.
         */
        post: operations["declareTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read a task
         * @description Judged by policy as `task.read`.
         */
        get: operations["getTask"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * end a task as completed, and with it what was issued for it
         * @description Judged by policy as `task.end`.
         */
        post: operations["completeTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{id}/fail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * end a task as failed, and with it what was issued for it
         * @description Judged by policy as `task.end`.
         */
        post: operations["failTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list credentials, never their secrets
         * @description Judged by policy as `credential.read`.
         */
        get: operations["listCredentials"];
        put?: never;
        /**
         * be issued a credential for a role
         * @description The secret is in the answer and nowhere else: it is not stored, and a repeated request does not give it again.
         *
         *     Judged by policy as `credential.issue`.
         */
        post: operations["issueCredential"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/credentials/{id}/renew": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * move the end of a credential that one holds
         * @description Judged by policy as `credential.renew`.
         */
        post: operations["renewCredential"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/credentials/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read a credential, never its secret
         * @description Judged by policy as `credential.read`.
         */
        get: operations["getCredential"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * see what a revocation would end, without ending it
         * @description Judged by policy as `revocation.read`.
         */
        post: operations["previewRevocation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list revocations
         * @description Judged by policy as `revocation.read`.
         */
        get: operations["listRevocations"];
        put?: never;
        /**
         * end everything of one thing, at once
         * @description When the answer comes, Mayfly itself refuses what was ended; the removal at the targets follows at once and is followed at `/v1/revocations/{id}`.
         *
         *     Judged by policy as `revocation.request`.
         */
        post: operations["requestRevocation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * see how far a revocation has come
         * @description Judged by policy as `revocation.read`.
         */
        get: operations["getRevocation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * follow a revocation until it is complete
         * @description Judged by policy as `revocation.read`.
         */
        get: operations["followRevocation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations/{id}/receipt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read what became of each credential, with the entries that prove it
         * @description Judged by policy as `revocation.read`.
         */
        get: operations["getRevocationReceipt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list findings
         * @description Judged by policy as `finding.read`.
         */
        get: operations["listFindings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list the versions of the policies
         * @description Judged by policy as `policy.read`.
         */
        get: operations["listPolicies"];
        put?: never;
        /**
         * take a policy text as a new version, not yet in force
         * @description Judged by policy as `policy.write`.
         */
        post: operations["draftPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read a version of the policies, with its text
         * @description Judged by policy as `policy.read`.
         */
        get: operations["getPolicy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/{id}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * show what the activation of a version would end
         * @description Judged by policy as `policy.write`.
         */
        post: operations["previewPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/{id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * put a version of the policies into force
         * @description What it no longer permits ends by itself, cause `no_longer_permitted`.
         *
         *     Judged by policy as `policy.activate`.
         */
        post: operations["activatePolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * run cases against a policy text; changes nothing
         * @description Judged by policy as `policy.write`.
         */
        post: operations["testPolicies"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/decisions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read why something was decided so
         * @description Judged on the identity that the decision is about, so that an identity can read its own.
         *
         *     Judged by policy as `decision.read`.
         */
        get: operations["explainDecision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/svids/x509": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * be issued an X509-SVID
         * @description It ends with the proof at the latest; whoever asks again in time proves again first. Its end by revocation is on the CRL that it names.
         *
         *     Judged by policy as `svid.issue`.
         */
        post: operations["issueX509Svid"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/svids/jwt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * be issued a JWT-SVID
         * @description For the audiences that are named, and no others. It is bound to nothing: whoever has it can use it.
         *
         *     Judged by policy as `svid.issue`.
         */
        post: operations["issueJwtSvid"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/svids": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list SVIDs
         * @description Judged by policy as `svid.read`.
         */
        get: operations["listSvids"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trust-bundles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the bundles of the trust domain and of those that it federates with
         * @description Judged by policy as `bundle.read`.
         */
        get: operations["listTrustBundles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/spiffe/bundle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the bundle of the trust domain (SPIFFE Federation, profile https_web)
         * @description Needs no token: public keys, which whoever verifies must have before it can know anyone here.
         */
        get: operations["getTrustBundle"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/t/{tenant}/spiffe/bundle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the bundle of the trust domain (SPIFFE Federation, profile https_web)
         * @description Needs no token: public keys, which whoever verifies must have before it can know anyone here.
         */
        get: operations["getTenantTrustBundle"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/spiffe/crl/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the CRL of an X.509 authority (RFC 5280), DER
         * @description Needs no token: serial numbers of what was revoked, which whoever verifies must know; nothing of whom they were.
         */
        get: operations["getCrl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/t/{tenant}/spiffe/crl/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the CRL of an X.509 authority (RFC 5280), DER
         * @description Needs no token: serial numbers of what was revoked, which whoever verifies must know; nothing of whom they were.
         */
        get: operations["getTenantCrl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/x509-authorities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list the authorities that sign X509-SVIDs
         * @description Judged by policy as `key.read`.
         */
        get: operations["listX509Authorities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/x509-authorities/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * take the next step in changing the X.509 authority
         * @description Prepares and publishes a new one; after 900 s it becomes active by itself, or by asking again. A compromised one is replaced at once, what it signed is revoked, and host agents are told to fetch anew.
         *
         *     Judged by policy as `key.rotate`.
         */
        post: operations["rotateX509Authority"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/x509-authorities/request": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * make the key of an authority that is signed elsewhere, and the request for its certificate
         * @description Judged by policy as `key.rotate`.
         */
        post: operations["requestX509Authority"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/x509-authorities/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * take the certificate that the authority above has signed
         * @description From then on it is prepared, published, and becomes active as every other.
         *
         *     Judged by policy as `key.rotate`.
         */
        post: operations["importX509Authority"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/x509-authorities/abandon-request": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * give up the request for a certificate
         * @description Judged by policy as `key.rotate`.
         */
        post: operations["abandonX509AuthorityRequest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/federations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * list the trust domains that are federated with
         * @description Judged by policy as `federation.read`.
         */
        get: operations["listFederations"];
        put?: never;
        /**
         * believe the SVIDs of another trust domain, by the bundle that it publishes
         * @description Asked at once, and then at the refresh hint of the bundle, every five minutes where it gives none.
         *
         *     Judged by policy as `federation.write`.
         */
        post: operations["registerFederation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/federations/{trust_domain}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * show a trust domain that is federated with
         * @description Judged by policy as `federation.read`.
         */
        get: operations["getFederation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/federations/{trust_domain}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * ask for its bundle now
         * @description Judged by policy as `federation.write`.
         */
        post: operations["refreshFederation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/federations/{trust_domain}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * believe nothing of a trust domain any more
         * @description Judged by policy as `federation.write`.
         */
        post: operations["retireFederation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trace/{kind}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read who stands behind a credential, a task or an identity, and how it ended
         * @description Judged by policy as `audit.read`.
         */
        get: operations["getTrace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/entries/{id}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the inclusion proof of an entry (C2SP tlog-proof)
         * @description Within the maximum merge delay after the entry there may be none yet: ask again.
         *
         *     Judged by policy as `audit.read`.
         */
        get: operations["getEntryProof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the proof that a smaller log is the start of a larger one (RFC 9162 section 2.1.4)
         * @description Judged by policy as `audit.read`.
         */
        get: operations["getConsistencyProof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * rebuild the state from the entries and say which rows no entry explains
         * @description Reads the whole log. For a check that trusts the database in nothing, export the log and verify that.
         *
         *     Judged by policy as `audit.read`.
         */
        get: operations["verifyState"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the latest signed checkpoint (C2SP tlog-checkpoint)
         * @description Judged by policy as `audit.read`.
         */
        get: operations["getCheckpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/tile/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read a tile or an entry bundle (C2SP tlog-tiles)
         * @description `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`. Only what a signed checkpoint covers is served.
         *
         *     Judged by policy as `audit.read`.
         */
        get: operations["getTile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * read the name of the log and the keys that sign it
         * @description Compare them once with what you remember: a verifier that asks the server for its keys trusts it.
         *
         *     Judged by policy as `audit.read`.
         */
        get: operations["getLogKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description One proof accepted once */
        Attestation: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            attestation_id: string;
            identity_id: string | null;
            person_id: string | null;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            trust_provider_id: string;
            binding_id: string;
            /** @description Tells instances of one identity apart; empty where nothing does */
            instance: string;
            /** @description What of the proof was kept */
            claims: {
                [key: string]: unknown;
            };
            /** @enum {string} */
            strength: "bootstrap" | "bound_key" | "platform" | "hardware";
            /** @description What the access token is bound to: `jkt:` a key (RFC 9449), `x5t#S256:` a certificate (RFC 8705) */
            token_binding: string | null;
            /** @description The own proof of the host agent that vouched for this one */
            vouched_by_attestation_id: string | null;
            source_address: string | null;
            accepted_at: components["schemas"]["Timestamp"];
            fresh_until: components["schemas"]["Timestamp"];
            /**
             * @description Succeeded: a newer proof followed in time
             * @enum {string}
             */
            state: "fresh" | "succeeded" | "lapsed" | "revoked";
            /** @description The host agent that vouched for it, where one did */
            host_identity_id: string | null;
            /** @description When it was fresh no more */
            ended_at: components["schemas"]["Timestamp"] | null;
            token_expires_at: components["schemas"]["Timestamp"];
            token_revoked_at: components["schemas"]["Timestamp"] | null;
            decision_id: string;
            /** @description As of when the keys and lists were that it was judged with; null: asked for at that moment */
            trust_made_at: components["schemas"]["Timestamp"] | null;
            /** @description The SVID of this server that it was proven with: it ends with that one */
            proven_by_svid_id: string | null;
            /** @description How many such SVIDs it rests on, one behind the other; null: on none */
            svid_chain_length: number | null;
        };
        /** @description Whose proof it is */
        Binding: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            binding_id: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            trust_provider_id: string;
            /** @description The trust provider's name */
            trust_provider: string;
            identity_id: string | null;
            /** @description The identity's name */
            identity: string | null;
            person_id: string | null;
            /** @description What the proof says of itself, exactly. For a bound key: its thumbprint (RFC 7638), derived */
            subject: string;
            /** @description Further claims, each exactly equal; all must hold. No patterns */
            claims: {
                [key: string]: string | number | boolean;
            };
            public_jwk: {
                [key: string]: components["schemas"]["JsonValue"];
            } | null;
            /** @enum {string} */
            state: "active" | "retired";
            /** @description Moves on with each change. Given with a change: refuse where it is another by now */
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        /** @description One line of what a check proved by doing */
        CheckFinding: {
            check: string;
            /** @enum {string} */
            outcome: "passed" | "warned" | "failed";
            detail: string;
            hint?: string;
        };
        /** @description An issued credential, never its secret */
        Credential: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            credential_id: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            identity_id: string;
            identity: string;
            /** @description `resource/role` */
            role: string;
            task_id: string | null;
            environment: string;
            account_name: string;
            /** @enum {string} */
            bound_to: "key" | "address" | "none";
            /** @enum {string} */
            state: "requested" | "active" | "revoking" | "revoked" | "abandoned";
            requested_at: components["schemas"]["Timestamp"];
            active_at: components["schemas"]["Timestamp"] | null;
            expires_at: components["schemas"]["Timestamp"];
            /** @description Renewals never go beyond */
            max_expires_at: components["schemas"]["Timestamp"];
            revocation_id: string | null;
            /** @description Seen at the target: no new login, no open session */
            cut_at: components["schemas"]["Timestamp"] | null;
            /** @description The target said absent */
            removed_at: components["schemas"]["Timestamp"] | null;
            /** @description Why it is not yet gone */
            last_error: string | null;
            /**
             * @description As far as looking at the target shows it. `used_from_outside`: from another address than the one where its holder proved what it is. `not_observed`: its target has not been asked since it was issued, or cannot tell
             * @enum {string}
             */
            use: "not_observed" | "unused" | "used" | "used_from_outside";
            first_used_at: components["schemas"]["Timestamp"] | null;
            /** @description When a session of it was last seen open */
            last_used_at: components["schemas"]["Timestamp"] | null;
            /** @description When its target was asked last */
            open_sessions: number;
            /** @description The first address from outside */
            outside_address: string | null;
        };
        /** @enum {string} */
        DataClass: "public" | "internal" | "confidential" | "restricted";
        /** @description One recorded answer, with its reasons */
        Decision: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            decision_id: string;
            action: string;
            /** @enum {string} */
            outcome: "permit" | "deny";
            decided_at: components["schemas"]["Timestamp"];
            principal: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            resource: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            context: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            identity_id: string | null;
            task_id: string | null;
            reasons: components["schemas"]["DenyReason"][];
            duties: components["schemas"]["Duties"];
            policy_version: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                policy_version_id: string;
                number: number;
            } | null;
            /** @description Every policy that determined it or that a reason names, as it was then */
            policies: {
                id: string;
                /** @enum {string} */
                effect: "permit" | "forbid";
                description: string;
                text: string;
            }[];
        };
        /** @enum {string} */
        Delivery: "direct" | "gateway";
        /** @description Why something was denied */
        DenyReason: {
            /** @example policy_forbids */
            code: string;
            detail: string;
            /** @description The `@id` of the policy that it comes from */
            policy?: string;
        };
        /** @description What a permit obliges to */
        Duties: {
            max_ttl_seconds?: number;
            require_task?: boolean;
            require_approval?: boolean;
            /** @enum {string} */
            require_binding?: "key" | "address" | "none";
            until_task_deadline?: number;
        };
        EndedTask: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            task_id: string;
            /** @enum {string} */
            kind: "declared" | "running_instance";
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            identity_id: string;
            identity: string;
            declared_by: {
                /** @enum {string} */
                kind: "person" | "identity";
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                id: string;
            };
            purpose: string;
            environment: string;
            /** @description `resource/role` */
            roles: string[];
            deadline: components["schemas"]["Timestamp"];
            /** @enum {string} */
            state: "active" | "completed" | "failed" | "expired" | "revoked";
            declared_at: components["schemas"]["Timestamp"];
            ended_at: components["schemas"]["Timestamp"] | null;
            note: string | null;
            /** @description Accounts under it that are not yet gone */
            live_credentials: number;
            /** @description The revocation of what was issued for it; null where nothing lived */
            revocation_id: string | null;
        };
        /** @description The audit entry of the change */
        Entry: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            entry_id: string;
            /** @description RFC 6962 leaf hash, base64 */
            leaf_hash: string;
            /** @description The signed promise of inclusion (docs/formats/promise.md) */
            promise: string;
        };
        /** @enum {string} */
        Environment: "development" | "staging" | "production";
        /** @enum {string} */
        Exposure: "internal" | "partner" | "internet";
        Federation: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            federation_id: string;
            trust_domain: string;
            url: string;
            /** @enum {string} */
            profile: "https_web" | "https_spiffe";
            endpoint_spiffe_id: string | null;
            /** @enum {string} */
            state: "active" | "retired";
            /** @description How many; null as long as none was had; 0: everything is revoked */
            keys: number | null;
            spiffe_sequence: number | null;
        };
        FederationDetail: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            federation_id: string;
            trust_domain: string;
            url: string;
            /** @enum {string} */
            profile: "https_web" | "https_spiffe";
            endpoint_spiffe_id: string | null;
            /** @enum {string} */
            state: "active" | "retired";
            /** @description How many; null as long as none was had; 0: everything is revoked */
            keys: number | null;
            spiffe_sequence: number | null;
            /** @description When it is asked again */
            next_at: components["schemas"]["Timestamp"];
            answered_at: components["schemas"]["Timestamp"] | null;
            last_error: string | null;
        };
        /** @description What one field was and is; a secret is never shown */
        FieldChange: {
            field: string;
            from: components["schemas"]["JsonValue"];
            to: components["schemas"]["JsonValue"];
        };
        /** @description Something wrong that a person must know of */
        Finding: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            finding_id: string;
            /** @example revocation_overdue */
            kind: string;
            /** @example resource:0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f */
            subject: string;
            /** @enum {string} */
            severity: "low" | "medium" | "high" | "critical";
            detail: string;
            opened_at: components["schemas"]["Timestamp"];
            closed_at: components["schemas"]["Timestamp"] | null;
        };
        FirstAdministrator: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            person_id: string;
            /** @description `iss` and `sub` of the assertions that the key will sign */
            client_id: string;
            /** @description The key's thumbprint (RFC 7638): `kid` of these assertions */
            kid: string;
        };
        HostEvent: {
            /** @description Of `attestation_ended` */
            attestation_id?: string;
            /** @description Of `bundle_changed` */
            trust_domain?: string;
            /** @description Of `bundle_changed`; null: believed no longer */
            sequence?: number | null;
            /** @description Of `reissue`: fetch new SVIDs now */
            reason?: string;
        };
        /** @description A machine identity */
        Identity: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            identity_id: string;
            /**
             * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
             * @example orders-api
             */
            name: string;
            kind: components["schemas"]["IdentityKind"];
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            owner_id: string;
            /** @description The owner's name */
            owner: string;
            /**
             * @description What it does and for whom: at least 12 characters and three words, no filler
             * @example reads orders for the nightly report
             */
            purpose: string;
            environment: components["schemas"]["Environment"];
            expires_at: components["schemas"]["Timestamp"];
            /** @example spiffe://example.org/production/service/orders-api */
            spiffe_id: string;
            /** @description What policies may ask about beside the fixed fields; at most 32 */
            attributes: {
                [key: string]: string | number | boolean;
            };
            /** @enum {string} */
            state: "active" | "suspended" | "retired";
            /** @description False where it is suspended, retired, expired or its owner has departed */
            usable: boolean;
            /** @description Moves on with each change. Given with a change: refuse where it is another by now */
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        /** @description What an identity can do right now, read from live rows */
        IdentityHolds: {
            usable: boolean;
            why_not: ("suspended" | "retired" | "expired" | "ownerless")[];
            /** @description All that give access now */
            credential_count: number;
            credentials: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                credential_id: string;
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                role_id: string;
                role: string;
                task_id: string | null;
                /** @enum {string} */
                state: "requested" | "active";
                expires_at: components["schemas"]["Timestamp"];
                max_expires_at: components["schemas"]["Timestamp"];
            }[];
            /** @description Ended, but not yet seen to be gone at the target */
            ending_count: number;
            /** @description SVIDs that neither have ended nor were revoked */
            svid_count: number;
            svids: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                svid_id: string;
                /** @enum {string} */
                kind: "x509" | "jwt";
                serial_number: string;
                expires_at: components["schemas"]["Timestamp"];
            }[];
            tasks: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                task_id: string;
                /** @enum {string} */
                kind: "declared" | "running_instance";
                purpose: string;
                deadline: components["schemas"]["Timestamp"];
                roles: string[];
            }[];
            attestations: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                attestation_id: string;
                /** @enum {string} */
                strength: "bootstrap" | "bound_key" | "platform" | "hardware";
                fresh_until: components["schemas"]["Timestamp"];
            }[];
        };
        /** @enum {string} */
        IdentityKind: "service" | "job" | "pipeline" | "agent" | "service_account" | "device" | "third_party";
        IssuedCredential: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            credential_id: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            identity_id: string;
            identity: string;
            /** @description `resource/role` */
            role: string;
            task_id: string | null;
            environment: string;
            account_name: string;
            /** @enum {string} */
            bound_to: "key" | "address" | "none";
            /** @enum {string} */
            state: "requested" | "active" | "revoking" | "revoked" | "abandoned";
            requested_at: components["schemas"]["Timestamp"];
            active_at: components["schemas"]["Timestamp"] | null;
            expires_at: components["schemas"]["Timestamp"];
            /** @description Renewals never go beyond */
            max_expires_at: components["schemas"]["Timestamp"];
            revocation_id: string | null;
            /** @description Seen at the target: no new login, no open session */
            cut_at: components["schemas"]["Timestamp"] | null;
            /** @description The target said absent */
            removed_at: components["schemas"]["Timestamp"] | null;
            /** @description Why it is not yet gone */
            last_error: string | null;
            /**
             * @description As far as looking at the target shows it. `used_from_outside`: from another address than the one where its holder proved what it is. `not_observed`: its target has not been asked since it was issued, or cannot tell
             * @enum {string}
             */
            use: "not_observed" | "unused" | "used" | "used_from_outside";
            first_used_at: components["schemas"]["Timestamp"] | null;
            /** @description When a session of it was last seen open */
            last_used_at: components["schemas"]["Timestamp"] | null;
            /** @description When its target was asked last */
            open_sessions: number;
            /** @description The first address from outside */
            outside_address: string | null;
            /** @description What the holder needs, secrets among it. Told once: null when a request is repeated */
            fields: {
                [key: string]: string | number;
            } | null;
        };
        /** @description Single use, short: registers one key for one identity */
        JoinToken: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            join_token_id: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            identity_id: string;
            /** @description The identity's name */
            identity: string;
            /** @description The trust provider of kind `join_token` under which it was made; null: under none */
            trust_provider: string | null;
            /** @description The trust provider of the key that it becomes */
            becomes: string;
            /** @enum {string} */
            state: "active" | "used" | "cancelled";
            created_at: components["schemas"]["Timestamp"];
            expires_at: components["schemas"]["Timestamp"];
            used_at: components["schemas"]["Timestamp"] | null;
            /** @description What it became */
            binding_id: string | null;
            /** @description What its use was recorded as; null before, and for one that was made under no rule */
            attestation_id: string | null;
        };
        Joined: {
            /** @description `iss` and `sub` of the assertions that the key will sign: the identity */
            client_id: string;
            identity_id: string;
            /** @description The key's thumbprint (RFC 7638) */
            kid: string;
            binding_id: string;
            /** @description What joining was recorded as, where a rule says so */
            attestation_id: string | null;
            /** @description `aud` of these assertions */
            issuer: string;
            /**
             * @description How the key logs in
             * @enum {string}
             */
            login: "assertion" | "challenge";
        };
        /** @description any JSON value */
        JsonValue: unknown;
        JwtSvid: {
            spiffe_id: string;
            /** @description A JWT-SVID, compact */
            token: string;
            issued_at: components["schemas"]["Timestamp"];
            expires_at: components["schemas"]["Timestamp"];
            hint: string;
        };
        LogKeys: {
            origin: string;
            checkpoint_keys: string[];
            promise_keys: {
                key_id: string;
                /** @description Ed25519, base64url */
                public_key: string;
            }[];
        };
        MadeJoinToken: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            join_token_id: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            identity_id: string;
            /** @description The identity's name */
            identity: string;
            /** @description The trust provider of kind `join_token` under which it was made; null: under none */
            trust_provider: string | null;
            /** @description The trust provider of the key that it becomes */
            becomes: string;
            /** @enum {string} */
            state: "active" | "used" | "cancelled";
            created_at: components["schemas"]["Timestamp"];
            expires_at: components["schemas"]["Timestamp"];
            used_at: components["schemas"]["Timestamp"] | null;
            /** @description What it became */
            binding_id: string | null;
            /** @description What its use was recorded as; null before, and for one that was made under no rule */
            attestation_id: string | null;
            /** @description Shown once, and kept nowhere */
            token: string;
        };
        /** @description As written in docs/guides/apply.md, with the secrets filled in by the client */
        Manifest: {
            [key: string]: components["schemas"]["JsonValue"];
        };
        OfflineBundleKeys: {
            origin: string;
            keys: {
                vkey: string;
                /** @enum {string} */
                state: "prepared" | "active" | "retired";
            }[];
        };
        /** @description A site that is believed without a network */
        OfflineSite: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            offline_site_id: string;
            /**
             * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
             * @example orders-api
             */
            name: string;
            /** @description The issuer URL of the site, which is the name of its keys */
            origin: string;
            /** @description The verifier keys that are believed for it now */
            keys: string[];
            /** @description How old what its bundles bring may be; older material judges nothing */
            max_age_seconds: number;
            /** @enum {string} */
            state: "active" | "retired";
            /** @description Of the bundle imported last; null before the first */
            sequence: number | null;
            /** @description SHA-256 of its body, base64 */
            digest: string | null;
            made_at: components["schemas"]["Timestamp"] | null;
            imported_at: components["schemas"]["Timestamp"] | null;
            /** @description Moves on with each change. Given with a change: refuse where it is another by now */
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        /** @description The team that answers for identities and resources */
        Owner: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            owner_id: string;
            /**
             * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
             * @example orders-api
             */
            name: string;
            contact: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            primary_person_id: string;
            deputy_person_id: string | null;
            /**
             * @description Departed: neither the primary nor the deputy is here any more
             * @enum {string}
             */
            state: "active" | "departed";
            /** @description Moves on with each change. Given with a change: refuse where it is another by now */
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        /** @description A human who signs in and is a principal of the policies */
        Person: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            person_id: string;
            name: string;
            email: string | null;
            /** @description Given by hand */
            roles: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
            /** @description What their groups gave at the last sign-in; counts under a session of that sign-in provider */
            from_groups: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                trust_provider_id: string;
                /** @description What the person may be asked to do; policies give these words their meaning */
                roles: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
                /** @description The owners that they are in */
                owner_ids: string[];
            }[];
            /** @enum {string} */
            state: "active" | "left";
            /** @description Moves on with each change. Given with a change: refuse where it is another by now */
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        /** @description What applying a manifest does, field by field */
        Plan: {
            /** @description Give it to apply: it refuses where something else would change */
            digest: string;
            created: number;
            updated: number;
            unchanged: number;
            /** @description Credentials that end at once. What is decided again comes on top */
            ends_credentials: number;
            items: {
                /** @enum {string} */
                section: "people" | "owners" | "offline_sites" | "trust_providers" | "identities" | "resources" | "roles" | "bindings";
                name: string;
                /** @description JSON pointer to where it is written in the manifest */
                pointer: string;
                /** @enum {string} */
                outcome: "created" | "updated" | "unchanged";
                changes: components["schemas"]["FieldChange"][];
            }[];
        };
        PlanWithUnlisted: {
            /** @description Give it to apply: it refuses where something else would change */
            digest: string;
            created: number;
            updated: number;
            unchanged: number;
            /** @description Credentials that end at once. What is decided again comes on top */
            ends_credentials: number;
            items: {
                /** @enum {string} */
                section: "people" | "owners" | "offline_sites" | "trust_providers" | "identities" | "resources" | "roles" | "bindings";
                name: string;
                /** @description JSON pointer to where it is written in the manifest */
                pointer: string;
                /** @enum {string} */
                outcome: "created" | "updated" | "unchanged";
                changes: components["schemas"]["FieldChange"][];
            }[];
            /** @description Registered and in use, but not in the manifest. Applying leaves it as it is */
            unlisted?: {
                /** @enum {string} */
                section: "people" | "owners" | "offline_sites" | "trust_providers" | "identities" | "resources" | "roles" | "bindings";
                name: string;
            }[];
        };
        /** @description Something about a policy text, and where: lines and columns count from 1 */
        PolicyFault: {
            line: number;
            column: number;
            policy?: string;
            message: string;
            hint?: string;
        };
        PolicyPreview: {
            added: string[];
            changed: string[];
            removed: string[];
            /** @description Live credentials that the difference can concern */
            concerned: number;
            /** @description How many credentials would end, with what rests on what ends; give it to the activation */
            would_end: number;
            ending: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                credential_id: string;
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                identity_id: string;
                identity: string;
                role: string;
                task_id: string | null;
                expires_at: components["schemas"]["Timestamp"];
                reasons: components["schemas"]["DenyReason"][];
            }[];
            /** @description Live SVIDs that the difference can concern */
            concerned_svids: number;
            /** @description How many SVIDs would end; give it to the activation too */
            would_end_svids: number;
            /** @description By the proof that they came of, at most 500 */
            ending_svids: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                identity_id: string;
                identity: string;
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                attestation_id: string;
                x509: number;
                jwt: number;
                reasons: components["schemas"]["DenyReason"][];
            }[];
        };
        /** @description A version of the policies; its text never changes */
        PolicyVersion: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            policy_version_id: string;
            number: number;
            /** @enum {string} */
            state: "draft" | "active" | "superseded";
            /** @description SHA-256 of the text, base64 */
            digest: string;
            note: string;
            created_at: components["schemas"]["Timestamp"];
            activated_at: components["schemas"]["Timestamp"] | null;
        };
        PolicyVersionWithText: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            policy_version_id: string;
            number: number;
            /** @enum {string} */
            state: "draft" | "active" | "superseded";
            /** @description SHA-256 of the text, base64 */
            digest: string;
            note: string;
            created_at: components["schemas"]["Timestamp"];
            activated_at: components["schemas"]["Timestamp"] | null;
            /** @description Cedar policies; each with an `@id` of its own */
            text: string;
        };
        /** @description Why it was refused (RFC 9457) */
        Problem: {
            /** @example urn:mayfly:problem:policy_denied */
            type: string;
            title: string;
            status: number;
            /** @enum {string} */
            code: "request_malformed" | "request_invalid" | "request_too_large" | "route_unknown" | "method_not_allowed" | "media_type_unsupported" | "cursor_invalid" | "idempotency_key_reused" | "token_missing" | "token_invalid" | "dpop_proof_invalid" | "dpop_nonce_required" | "proof_rejected" | "bootstrap_rejected" | "sign_in_refused" | "policy_denied" | "rate_limited" | "resource_not_found" | "name_taken" | "version_conflict" | "identity_owner_missing" | "state_not_allowed" | "still_in_use" | "secret_required" | "settings_invalid" | "provider_unknown" | "manifest_invalid" | "plan_changed" | "sign_in_provider_unavailable" | "trust_bundle_unavailable" | "task_not_active" | "policy_invalid" | "policy_locks_out_administrators" | "policy_missing" | "decision_engine_failed" | "preview_changed" | "credential_overtaken" | "credential_not_renewable" | "credential_limit_reached" | "revocation_held" | "issuance_paused" | "target_unreachable" | "target_timeout" | "target_rights_missing" | "target_refused" | "target_unsafe" | "bundle_malformed" | "bundle_untrusted" | "bundle_superseded" | "bundle_outdated" | "configuration_invalid" | "database_unavailable" | "clock_skewed" | "key_unusable" | "migration_refused" | "audit_verification_failed" | "internal";
            detail?: string;
            /** @description what to do about it */
            hint?: string;
            /** @description every field that is not valid */
            errors?: {
                /**
                 * @description absent: in the body
                 * @enum {string}
                 */
                in?: "path" | "query" | "header";
                /**
                 * @description JSON pointer (RFC 6901)
                 * @example /purpose
                 */
                pointer: string;
                detail: string;
            }[];
            /** @enum {string} */
            retry: "no" | "later" | "after_change";
            request_id: string;
            /** @description of a denial: for `mayfly explain` */
            decision_id?: string;
            /** @description of a denial */
            reasons?: {
                code: string;
                detail: string;
                policy?: string;
            }[];
            determining_policies?: string[];
        };
        /** @description What a resource tells the public: an authority, a list of what has ended */
        PublishedDocuments: {
            /**
             * @description After the address of any listener; a document is below it by its name. Nobody has to prove anything there
             * @example /published/0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            path: string;
            documents: {
                name: string;
                title: string;
            }[];
        };
        /**
         * @description What its credentials can do to it
         * @enum {string}
         */
        Reach: "data" | "admin" | "deploy";
        ReceiptLine: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            credential_id: string;
            account_name: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            identity_id: string;
            identity: string;
            role: string;
            /** @enum {string} */
            state: "requested" | "active" | "revoking" | "revoked" | "abandoned";
            requested_at: components["schemas"]["Timestamp"];
            revoking_at: components["schemas"]["Timestamp"] | null;
            cut_at: components["schemas"]["Timestamp"] | null;
            removed_at: components["schemas"]["Timestamp"] | null;
            last_error: string | null;
            entries: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                entry_id: string;
                action: string;
                recorded_at: components["schemas"]["Timestamp"];
                /** @description RFC 6962 leaf hash, base64 */
                leaf_hash: string;
                /** @description Null until the log has it; then a proof can be asked for */
                leaf_index: number | null;
            }[];
        };
        RecordedGraceUses: {
            recorded: number;
        };
        /**
         * @description An id, or a name
         * @example orders-team
         */
        Ref: string;
        /** @description A system that credentials open. Its own login is never shown */
        Resource: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            resource_id: string;
            /**
             * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
             * @example orders-api
             */
            name: string;
            provider: string;
            environment: components["schemas"]["Environment"];
            reach: components["schemas"]["Reach"];
            data_class: components["schemas"]["DataClass"];
            exposure: components["schemas"]["Exposure"];
            delivery: components["schemas"]["Delivery"];
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            owner_id: string;
            /** @description The owner's name */
            owner: string;
            /** @description In the fields of its kind, see its page in the reference. Unknown fields are refused. Never a secret */
            settings: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** @description What policies may ask about beside the fixed fields; at most 32 */
            attributes: {
                [key: string]: string | number | boolean;
            };
            /** @enum {string} */
            state: "active" | "retired";
            /** @description After the first check that passes, Mayfly changes the password of its own login to one that only it knows: whoever else uses that login is locked out. Later it rotates it. false: it never does */
            adopt_login: boolean;
            /** @description Since when only Mayfly knows the password of its own login; null: who entered it does too */
            login_adopted_at: components["schemas"]["Timestamp"] | null;
            checked_at: components["schemas"]["Timestamp"] | null;
            /** @description What the last check found; null after a change */
            check: components["schemas"]["CheckFinding"][] | null;
            /** @description Only where a resource is read */
            standing?: components["schemas"]["ResourceStanding"];
            /** @description Only where one resource is read; null: its kind publishes nothing */
            published?: components["schemas"]["PublishedDocuments"] | null;
            /** @description Moves on with each change. Given with a change: refuse where it is another by now */
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        /** @description How it stands with a target: what waits there, and when it was looked at */
        ResourceStanding: {
            /** @description Accounts that have ended and that the target does not yet say are absent */
            waiting: number;
            /** @description Since when the oldest of them has waited */
            waiting_since: components["schemas"]["Timestamp"] | null;
            /**
             * @description `open`: the target fails; it is tried again by one call at a time until it answers, and what waits stays due
             * @enum {string}
             */
            circuit: "closed" | "open";
            next_attempt_at: components["schemas"]["Timestamp"] | null;
            /** @description What the target said last, for people */
            last_error: string | null;
            /** @description When it was last asked who is connected */
            sampled_at: components["schemas"]["Timestamp"] | null;
            sample_error: string | null;
            /** @description When its accounts were last compared with the credentials */
            swept_at: components["schemas"]["Timestamp"] | null;
            sweep_error: string | null;
        };
        ResourceTry: {
            check: components["schemas"]["CheckFinding"][];
        };
        /** @description One request to end a set of credentials, with its progress */
        Revocation: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            revocation_id: string;
            /** @enum {string} */
            cause: "expired" | "task_completed" | "task_failed" | "task_expired" | "attestation_lapsed" | "identity_expired" | "identity_suspended" | "identity_retired" | "owner_departed" | "no_longer_permitted" | "policy_violation" | "anomaly" | "rotation" | "scale_down" | "issue_failed" | "issue_interrupted" | "requested_by_holder" | "requested_by_operator" | "resource_retired" | "role_retired" | "trust_provider_retired" | "clone_detected" | "session_ended" | "person_left" | "key_compromised";
            selector: {
                /** @enum {string} */
                kind: "credential" | "task" | "attestation" | "identity" | "owner" | "role" | "resource" | "trust_provider" | "host" | "environment" | "policy" | "svid" | "svid_authority" | "person";
                id: string;
            };
            requested_by: {
                [key: string]: string;
            };
            reason: string | null;
            /** @enum {string} */
            state: "running" | "complete";
            /** @description Credentials that it waits for */
            total: number;
            /** @description SVIDs that it ended: they are on the CRL, and refused by Mayfly itself */
            svids: number;
            /** @description Of these, seen at the target: no new login, no open session */
            cut: number;
            /** @description Of these, absent at the target */
            removed: number;
            /** @description From then on Mayfly refuses them everywhere */
            authority_ended_at: components["schemas"]["Timestamp"];
            cut_at: components["schemas"]["Timestamp"] | null;
            completed_at: components["schemas"]["Timestamp"] | null;
        };
        RevocationDetail: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            revocation_id: string;
            /** @enum {string} */
            cause: "expired" | "task_completed" | "task_failed" | "task_expired" | "attestation_lapsed" | "identity_expired" | "identity_suspended" | "identity_retired" | "owner_departed" | "no_longer_permitted" | "policy_violation" | "anomaly" | "rotation" | "scale_down" | "issue_failed" | "issue_interrupted" | "requested_by_holder" | "requested_by_operator" | "resource_retired" | "role_retired" | "trust_provider_retired" | "clone_detected" | "session_ended" | "person_left" | "key_compromised";
            selector: {
                /** @enum {string} */
                kind: "credential" | "task" | "attestation" | "identity" | "owner" | "role" | "resource" | "trust_provider" | "host" | "environment" | "policy" | "svid" | "svid_authority" | "person";
                id: string;
            };
            requested_by: {
                [key: string]: string;
            };
            reason: string | null;
            /** @enum {string} */
            state: "running" | "complete";
            /** @description Credentials that it waits for */
            total: number;
            /** @description SVIDs that it ended: they are on the CRL, and refused by Mayfly itself */
            svids: number;
            /** @description Of these, seen at the target: no new login, no open session */
            cut: number;
            /** @description Of these, absent at the target */
            removed: number;
            /** @description From then on Mayfly refuses them everywhere */
            authority_ended_at: components["schemas"]["Timestamp"];
            cut_at: components["schemas"]["Timestamp"] | null;
            completed_at: components["schemas"]["Timestamp"] | null;
            /** @description What is not yet absent, by target */
            pending: {
                resource: string;
                waiting: number;
                not_cut: number;
                last_error: string | null;
                next_attempt_at: components["schemas"]["Timestamp"] | null;
            }[];
        };
        RevocationPreview: {
            selector: {
                /** @enum {string} */
                kind: "credential" | "task" | "attestation" | "identity" | "owner" | "role" | "resource" | "trust_provider" | "host" | "environment" | "policy" | "svid" | "svid_authority" | "person";
                id: string;
            };
            /** @description Live credentials that would end */
            total: number;
            /** @description Live SVIDs that would end */
            svids: number;
            /** @description Those that are ending already */
            ending: number;
            environments: {
                /** @enum {string} */
                environment: "development" | "staging" | "production";
                would_end: number;
                live: number;
            }[];
            /** @description Who would feel it: by resource and identity, the biggest first, at most 200 */
            groups: {
                resource: string;
                identity: string;
                owner: string;
                /** @enum {string} */
                environment: "development" | "staging" | "production";
                credentials: number;
                tasks: number;
            }[];
        };
        RevocationReceipt: {
            items: components["schemas"]["ReceiptLine"][];
            next_cursor: string | null;
            revocation: components["schemas"]["Revocation"];
        };
        /** @description A named, closed permission on a resource */
        Role: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            role_id: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            resource_id: string;
            /** @description The resource's name */
            resource: string;
            /**
             * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
             * @example orders-api
             */
            name: string;
            /** @example orders-db/readonly */
            full_name: string;
            /**
             * @description In the closed words of the provider: never statements
             * @example {
             *       "member_of": [
             *         "readers"
             *       ]
             *     }
             */
            permission: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** @description What the holder may choose, each from a list */
            parameters: {
                [key: string]: {
                    one_of: string[];
                };
            };
            max_ttl_seconds: number | null;
            max_live_per_identity: number;
            /** @enum {string} */
            state: "active" | "retired";
            /** @description Moves on with each change. Given with a change: refuse where it is another by now */
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description What to end: everything of one thing
         * @example {
         *       "kind": "identity",
         *       "ref": "payroll"
         *     }
         */
        Selector: {
            /** @enum {string} */
            kind: "credential" | "task" | "attestation" | "identity" | "owner" | "role" | "resource" | "trust_provider" | "host" | "environment" | "policy" | "svid" | "svid_authority" | "person";
            /** @description Id, or name where the kind has names; of `environment` its word; of `svid` its serial number too; of `svid_authority` its key id */
            ref: components["schemas"]["Ref"];
        };
        /** @description A person who has signed in */
        Session: {
            /**
             * Format: uuid
             * @description The attestation: what a revocation names to end it
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            session_id: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            person_id: string;
            name: string;
            email: string | null;
            /** @description Where the person signed in */
            provider: string;
            /**
             * @description Beside possession of the token
             * @enum {string}
             */
            bound_to: "key" | "none";
            source_address: string | null;
            signed_in_at: components["schemas"]["Timestamp"];
            expires_at: components["schemas"]["Timestamp"];
            /** @enum {string} */
            state: "live" | "ended";
            /** @description Under which this very request is made */
            own: boolean;
        };
        /** @description A sign-in that was begun */
        SignIn: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            sign_in_id: string;
            /** @description Finishing needs it. Keep it where it was begun: it is what makes the session yours */
            starter_secret: string;
            /** @enum {string} */
            flow: "device" | "code";
            expires_at: components["schemas"]["Timestamp"];
            /** @description Seconds */
            expires_in: number;
            /** @description Of flow `code`: where the browser goes */
            authorization_url: string | null;
            /** @description Of flow `device`: what the person enters */
            user_code: string | null;
            /** @description Of flow `device`: where */
            verification_uri: string | null;
            verification_uri_complete: string | null;
            /** @description Of flow `device`: seconds between two attempts to finish */
            interval: number | null;
        };
        SignInKeys: {
            keys: {
                [key: string]: unknown;
            }[];
        };
        SignInOutcome: {
            /** @enum {string} */
            state: "pending" | "signed_in";
            /** @description While pending: ask again after so many seconds */
            interval: number | null;
            session: components["schemas"]["SignedIn"] | null;
        };
        /** @description A session; the token is shown this once */
        SignedIn: {
            /**
             * Format: uuid
             * @description The attestation; its end ends the session
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            session_id: string;
            access_token: string;
            /** @enum {string} */
            token_type: "Bearer" | "DPoP";
            /** @description Seconds */
            expires_in: number;
            expires_at: components["schemas"]["Timestamp"];
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            person_id: string;
            name: string;
            email: string | null;
            /** @description By hand and by groups */
            roles: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
            /** @description Which the person is in */
            owners: string[];
        };
        SigningKey: {
            key_id: string;
            /**
             * @description What the key signs
             * @enum {string}
             */
            purpose: "access_token" | "federated_token" | "log_checkpoint" | "promise" | "fingerprint" | "jwt_svid" | "offline_bundle" | "sign_in_client";
            /** @enum {string} */
            algorithm: "ES256" | "RS256" | "Ed25519" | "HS256";
            /** @description Null for a symmetric key */
            public_jwk: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Prepared: published, and not yet signing
             * @enum {string}
             */
            state: "prepared" | "active" | "retired";
            prepared_at: components["schemas"]["Timestamp"];
            activated_at: components["schemas"]["Timestamp"] | null;
            retired_at: components["schemas"]["Timestamp"] | null;
            /** @description What a retired key signed is believed until then */
            trusted_until: components["schemas"]["Timestamp"] | null;
        };
        StateReport: {
            /** @description The log verifies, and every row is as its last entry says */
            explained: boolean;
            checkpoint_size: number | null;
            entries_checked: number;
            rows_checked: number;
            log_findings: {
                kind: string;
                detail: string;
                index?: number;
            }[];
            state_findings: {
                kind: string;
                table: string;
                id: string;
                detail: string;
            }[];
            /** @description All of them; the lists hold the first thousand each */
            finding_count: number;
        };
        /** @description An SVID that was signed; neither it nor its key is kept */
        Svid: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            svid_id: string;
            /** @enum {string} */
            kind: "x509" | "jwt";
            serial_number: string;
            /** @description Null for the server's own */
            identity_id: string | null;
            attestation_id: string | null;
            spiffe_id: string;
            issuing_key_id: string;
            issued_at: components["schemas"]["Timestamp"];
            expires_at: components["schemas"]["Timestamp"];
            /** @enum {string} */
            state: "live" | "revoked";
            revoked_at: components["schemas"]["Timestamp"] | null;
            revocation_id: string | null;
        };
        /** @description A declared piece of work */
        Task: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            task_id: string;
            /** @enum {string} */
            kind: "declared" | "running_instance";
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            identity_id: string;
            identity: string;
            declared_by: {
                /** @enum {string} */
                kind: "person" | "identity";
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                id: string;
            };
            purpose: string;
            environment: string;
            /** @description `resource/role` */
            roles: string[];
            deadline: components["schemas"]["Timestamp"];
            /** @enum {string} */
            state: "active" | "completed" | "failed" | "expired" | "revoked";
            declared_at: components["schemas"]["Timestamp"];
            ended_at: components["schemas"]["Timestamp"] | null;
            note: string | null;
            /** @description Accounts under it that are not yet gone */
            live_credentials: number;
        };
        /**
         * Format: date-time
         * @description A point in time, RFC 3339
         */
        Timestamp: string;
        /** @description One step from a person to the end of a credential */
        TraceNode: {
            /** @enum {string} */
            kind: "person" | "identity" | "task" | "decision" | "credential" | "use" | "end";
            id: string;
            at?: components["schemas"]["Timestamp"];
            facts: {
                [key: string]: unknown;
            };
            entries: {
                /**
                 * Format: uuid
                 * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                 */
                entry_id: string;
                action: string;
                at: components["schemas"]["Timestamp"];
                /** @description null until the sequencer has given it one */
                leaf_index: number | null;
            }[];
            children: components["schemas"]["TraceNode"][];
        };
        /** @description SPIFFE Trust Domain and Bundle, section 4 */
        TrustBundle: {
            /** @description JWKs; none: everything is revoked */
            keys: {
                [key: string]: unknown;
            }[];
            spiffe_sequence?: number;
            spiffe_refresh_hint?: number;
        };
        /** @description A rule for believing a proof */
        TrustProvider: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            trust_provider_id: string;
            /**
             * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
             * @example orders-api
             */
            name: string;
            /** @enum {string} */
            kind: "oidc" | "kubernetes" | "spiffe" | "x509" | "bound_key" | "host_agent" | "sign_in" | "join_token";
            issuer: string | null;
            /** @description In the fields of its kind, see its page in the reference. Unknown fields are refused. Never a secret */
            settings: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /**
             * @description How much a proof is worth, weakest first
             * @enum {string}
             */
            strength: "bootstrap" | "bound_key" | "platform" | "hardware";
            /** @description How long a proof counts; then it is proven again, or what it gave ends */
            fresh_for_seconds: number;
            /** @enum {string} */
            state: "active" | "retired";
            /** @description Moves on with each change. Given with a change: refuse where it is another by now */
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        VouchedIdentities: {
            items: components["schemas"]["VouchedIdentity"][];
        };
        VouchedIdentity: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            attestation_id: string;
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            identity_id: string;
            /** @description The identity's name */
            identity: string;
            spiffe_id: string;
            /** @description Tells several SVIDs of one process apart: the name of the identity */
            hint: string;
            fresh_until: components["schemas"]["Timestamp"];
        };
        X509Authority: {
            /**
             * Format: uuid
             * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
             */
            x509_authority_id: string;
            /** @description The subject key identifier, hexadecimal; names its CRL */
            key_id: string;
            /** @enum {string} */
            signed_by: "itself" | "upstream_file" | "upstream_request";
            /** @description DER, base64; null as long as it waits for it */
            certificate: string | null;
            /** @description What stands for it in the bundle: DER, base64 */
            root: string | null;
            /**
             * @description Requested: waits for its certificate. Prepared: published, and not yet signing
             * @enum {string}
             */
            state: "requested" | "prepared" | "active" | "retired";
            not_before: components["schemas"]["Timestamp"] | null;
            not_after: components["schemas"]["Timestamp"] | null;
            requested_at: components["schemas"]["Timestamp"];
            prepared_at: components["schemas"]["Timestamp"] | null;
            activated_at: components["schemas"]["Timestamp"] | null;
            retired_at: components["schemas"]["Timestamp"] | null;
            /** @description It stands in the bundle until then */
            trusted_until: components["schemas"]["Timestamp"] | null;
        };
        X509Svid: {
            spiffe_id: string;
            /** @description Hexadecimal; names the SVID for its revocation */
            serial_number: string;
            /** @description DER, base64: the leaf first, then what stands above it */
            certificates: string[];
            /** @description PKCS #8, DER, base64; only where it was made here */
            private_key?: string;
            not_before: components["schemas"]["Timestamp"];
            not_after: components["schemas"]["Timestamp"];
            hint: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    issueToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description a proof of possession for this request (RFC 9449); a refusal brings the nonce that it needs */
                DPoP?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @enum {string} */
                    grant_type: "client_credentials" | "urn:ietf:params:oauth:grant-type:jwt-bearer" | "urn:ietf:params:oauth:grant-type:token-exchange";
                    /** @enum {string} */
                    client_assertion_type?: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" | "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
                    /** @description a JWT signed with the bound key: `iss` and `sub` the client, `aud` the issuer, used once; or a JWT-SVID */
                    client_assertion?: string;
                    /** @description for the grant `jwt-bearer`: a token that the platform signed */
                    assertion?: string;
                    /** @description names the identity, where the proof fits several; needed where a certificate is the proof */
                    client_id?: string;
                    /** @description for a token for another audience (RFC 8707): its URI; several times */
                    resource?: string;
                    /** @description the same by any of its names, or by the name of the resource; several times */
                    audience?: string;
                    /** @description the name of the role, alone or as `resource/role` */
                    scope?: string;
                    /** @description the same as JSON (RFC 9396): one object of type `mayfly_role` */
                    authorization_details?: string;
                    /** @description the task within which it is issued */
                    task_id?: string;
                    /** @description for the exchange (RFC 8693): on whose behalf */
                    subject_token?: string;
                    /** @description `…:access_token`, `…:jwt` or `…:id_token` */
                    subject_token_type?: string;
                    /** @description who acts, where the client does not authenticate */
                    actor_token?: string;
                    /** @description as of the subject token */
                    actor_token_type?: string;
                    /** @description `…:access_token` or `…:jwt` */
                    requested_token_type?: string;
                };
            };
        };
        responses: {
            /** @description a token (RFC 9068); for another audience a credential, by its id */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description send it in the scheme of `token_type` */
                        access_token?: string;
                        /** @description `Bearer`, `DPoP`; of an exchange for a JWT `N_A` */
                        token_type?: string;
                        /** @description seconds */
                        expires_in?: number;
                        /** @description what the token permits at its audience */
                        scope?: string;
                        /** @description as granted */
                        authorization_details?: Record<string, never>[];
                        /** @description of an exchange */
                        issued_token_type?: string;
                        /**
                         * Format: uuid
                         * @description of a token for another audience
                         */
                        credential_id?: string;
                        /** Format: uuid */
                        attestation_id?: string;
                        /**
                         * Format: date-time
                         * @description without a new proof, what was issued ends then
                         */
                        fresh_until?: string;
                        /** @description for a key that logs in by challenge: the number of this login */
                        generation?: number;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
        };
    };
    makeLoginChallenge: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @description the client as it will name itself in `sub` of the assertion */
                    client_id: string;
                };
            };
        };
        responses: {
            /** @description a challenge: `nonce` of one client assertion */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description counts once */
                        challenge?: string;
                        /** @description seconds */
                        expires_in?: number;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
        };
    };
    introspectToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description a proof of possession for this request (RFC 9449); a refusal brings the nonce that it needs */
                DPoP?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @description the token in question */
                    token: string;
                    /** @enum {string} */
                    client_assertion_type?: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" | "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
                    /** @description a JWT signed with the bound key: `iss` and `sub` the client, `aud` the issuer, used once; or a JWT-SVID */
                    client_assertion?: string;
                };
            };
        };
        responses: {
            /** @description its state; of anything that is not live only `active` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        active?: boolean;
                        /** @description SPIFFE ID of an identity, `person:<id>` of a person */
                        sub?: string;
                        /** @description id of the identity or person */
                        client_id?: string;
                        exp?: number;
                        /** @description who acts, where it is not `sub` */
                        act?: Record<string, never>;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description a proof of possession for this request (RFC 9449); a refusal brings the nonce that it needs */
                DPoP?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @description the token to end */
                    token: string;
                    /** @enum {string} */
                    client_assertion_type?: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" | "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
                    /** @description a JWT signed with the bound key: `iss` and `sub` the client, `aud` the issuer, used once; or a JWT-SVID */
                    client_assertion?: string;
                };
            };
        };
        responses: {
            /** @description it is not live; also where it never was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
        };
    };
    logOutAtProvider: {
        parameters: {
            query?: never;
            header?: {
                /** @description a proof of possession for this request (RFC 9449); a refusal brings the nonce that it needs */
                DPoP?: string;
            };
            path: {
                /** @description of a sign-in provider */
                provider: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @description signed by the provider */
                    logout_token: string;
                };
            };
        };
        responses: {
            /** @description their sessions have ended; also where there were none */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
        };
    };
    getTokenKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description a key set */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        keys?: Record<string, never>[];
                    };
                };
            };
        };
    };
    listStatusLists: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description their addresses */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        status_lists?: string[];
                    };
                };
            };
        };
    };
    getStatusList: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description a signed list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/statuslist+jwt": string;
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
            /** @description refused (RFC 6749 section 5.2) */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable` */
                        error: string;
                        /** @description what was wrong, and what to do */
                        error_description?: string;
                    };
                };
            };
        };
    };
    getOpenidConfiguration: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description metadata */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        issuer?: string;
                        jwks_uri?: string;
                    };
                };
            };
        };
    };
    getAuthorizationServerMetadata: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description metadata */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        issuer?: string;
                        token_endpoint?: string;
                    };
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        alive: true;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        ready: true;
                        checks: {
                            [key: string]: "ok";
                        };
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside; `key_unusable`: a key cannot be used */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `clock_skewed`: the clock differs too much from the database; `database_unavailable`: the database cannot be reached; `issuance_paused`: nothing is issued until the audit log has caught up */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bootstrap: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    secret: string;
                    /** @description A public key (RFC 7517) */
                    public_jwk: {
                        [key: string]: unknown;
                    };
                    name: string;
                    /** Format: email */
                    email: string;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirstAdministrator"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `bootstrap_rejected`: the bootstrap secret is not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["SigningKey"][];
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotateKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description What the key signs */
                purpose: "access_token" | "federated_token" | "log_checkpoint" | "promise" | "fingerprint" | "jwt_svid" | "offline_bundle" | "sign_in_client";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description The active key is in wrong hands
                     * @default false
                     */
                    compromised?: boolean;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        key: components["schemas"]["SigningKey"];
                        retired: components["schemas"]["SigningKey"] | null;
                    } & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotateDataKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data_key_id: string;
                    } & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAttestations: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                identity?: string;
                /** @description Succeeded: a newer proof followed in time */
                state?: "fresh" | "succeeded" | "lapsed" | "revoked";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Attestation"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAttestation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attestation"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listJoinTokens: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                identity?: components["schemas"]["Ref"];
                state?: "active" | "used" | "cancelled";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["JoinToken"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    makeJoinToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    identity: components["schemas"]["Ref"];
                    /** @description Name of a trust provider of kind `join_token`: the rule under which it is made. This or `becomes` */
                    trust_provider?: components["schemas"]["Ref"];
                    /** @description Name of a trust provider of kind `bound_key`: under no rule, and joining is recorded as no proof */
                    becomes?: components["schemas"]["Ref"];
                    /** @description Default 600, or what the rule allows */
                    ttl_seconds?: number;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeJoinToken"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelJoinToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JoinToken"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    join: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: string;
                    /** @description A public key (RFC 7517) */
                    public_jwk: {
                        [key: string]: unknown;
                    };
                    /** @description A JWT that the key signed: `typ` `mayfly-join+jwt`, `aud` the issuer, `token_digest` (SHA-256 of the token, base64url), `iat`, `exp` */
                    proof: string;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Joined"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `proof_rejected`: the proof was not accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    vouchForProcess: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    trust_provider?: components["schemas"]["Ref"];
                    /** @description What the kernel says of the process, e.g. `unix:uid:1000` */
                    selectors: string[];
                    /** @description Tells processes apart, also those that get the same pid later */
                    instance: string;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VouchedIdentities"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `proof_rejected`: the proof was not accepted; `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reportGraceUses: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: {
                        /**
                         * Format: uuid
                         * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                         */
                        attestation_id: string;
                        served_from: components["schemas"]["Timestamp"];
                        served_until: components["schemas"]["Timestamp"];
                        /** @description How often something was handed out; 0: what was handed out before went on being used */
                        count: number;
                    }[];
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecordedGraceUses"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followHost: {
        parameters: {
            query?: {
                /** @description What the agent holds: each that has ended meanwhile is told first */
                attestations?: string;
                /** @description Only tell what has ended meanwhile, and end */
                once?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description events; the schema is that of `data` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["HostEvent"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSignInProviders: {
        parameters: {
            query?: {
                /** @description Default: the tenant of everyone who asks for no other */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            name: string;
                            flows: ("device" | "code")[];
                        }[];
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSignInKeys: {
        parameters: {
            query?: {
                /** @description Default: the tenant of everyone who asks for no other */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInKeys"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startSignIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The name of a sign-in provider */
                    provider: components["schemas"]["Ref"];
                    /** @enum {string} */
                    flow: "device" | "code";
                    /** @description Of flow `code` */
                    redirect_uri?: string;
                    /** @description The thumbprint (RFC 7638) of the key that the session will be bound to (RFC 9449) */
                    dpop_jkt?: string;
                    /** @description Default: the tenant of everyone who asks for no other */
                    tenant?: string;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignIn"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `sign_in_provider_unavailable`: the sign-in provider does not answer as it should */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    finishSignIn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    starter_secret: string;
                    code?: string;
                    state?: string;
                    /** @description Where the provider sent it (RFC 9207) */
                    iss?: string;
                    /** @description Default: the tenant of everyone who asks for no other */
                    tenant?: string;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInOutcome"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `sign_in_refused`: the sign-in was not accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `sign_in_provider_unavailable`: the sign-in provider does not answer as it should */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `trust_bundle_unavailable`: the keys of the trust provider cannot be had */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                /** @description Id or email; `me`: whoever asks. Default: everybody */
                person?: components["schemas"]["Ref"];
                state?: "live" | "all";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Session"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPeople: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                state?: "active" | "left";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Person"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerPerson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @example ada@example.com */
                    email: string;
                    /**
                     * @description What the person may be asked to do; policies give these words their meaning
                     * @default []
                     */
                    roles?: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPerson: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id or the email */
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updatePerson: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id or the email */
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string;
                    /** @example ada@example.com */
                    email?: string;
                    /** @description What the person may be asked to do; policies give these words their meaning */
                    roles?: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
                    /** @enum {string} */
                    state?: "active" | "left";
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use; `policy_locks_out_administrators`: no administrator could act any more; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOwners: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                state?: "active" | "departed";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Owner"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerOwner: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
                     * @example orders-api
                     */
                    name: string;
                    /**
                     * @description Where the team can be reached
                     * @example #payments
                     */
                    contact: string;
                    /** @description Id or email of a registered person */
                    primary: components["schemas"]["Ref"];
                    deputy?: components["schemas"]["Ref"] | null;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Owner"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOwner: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Owner"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateOwner: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Where the team can be reached
                     * @example #payments
                     */
                    contact?: string;
                    /** @description Id or email of a registered person */
                    primary?: components["schemas"]["Ref"];
                    deputy?: components["schemas"]["Ref"] | null;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Owner"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listIdentities: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                owner?: components["schemas"]["Ref"];
                environment?: components["schemas"]["Environment"];
                kind?: components["schemas"]["IdentityKind"];
                state?: "active" | "suspended" | "retired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Identity"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerIdentity: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
                     * @example orders-api
                     */
                    name: string;
                    kind: components["schemas"]["IdentityKind"];
                    owner: components["schemas"]["Ref"];
                    /**
                     * @description What it does and for whom: at least 12 characters and three words, no filler
                     * @example reads orders for the nightly report
                     */
                    purpose: string;
                    environment: components["schemas"]["Environment"];
                    expires_at: components["schemas"]["Timestamp"];
                    /** @description What policies may ask about beside the fixed fields; at most 32 */
                    attributes?: {
                        [key: string]: string | number | boolean;
                    };
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `identity_owner_missing`: an identity needs an owner; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getIdentity: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateIdentity: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    owner?: components["schemas"]["Ref"];
                    /**
                     * @description What it does and for whom: at least 12 characters and three words, no filler
                     * @example reads orders for the nightly report
                     */
                    purpose?: string;
                    expires_at?: components["schemas"]["Timestamp"];
                    /** @description What policies may ask about beside the fixed fields; at most 32 */
                    attributes?: {
                        [key: string]: string | number | boolean;
                    };
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `identity_owner_missing`: an identity needs an owner; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getIdentityHolds: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityHolds"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    suspendIdentity: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Why; recorded with the revocation */
                    reason?: string;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resumeIdentity: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Why; recorded with the revocation */
                    reason?: string;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireIdentity: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Why; recorded with the revocation */
                    reason?: string;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listResources: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                owner?: components["schemas"]["Ref"];
                environment?: components["schemas"]["Environment"];
                provider?: string;
                state?: "active" | "retired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Resource"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerResource: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
                     * @example orders-api
                     */
                    name: string;
                    /** @example postgres */
                    provider: string;
                    environment: components["schemas"]["Environment"];
                    reach: components["schemas"]["Reach"];
                    data_class: components["schemas"]["DataClass"];
                    exposure: components["schemas"]["Exposure"];
                    /** @default direct */
                    delivery?: components["schemas"]["Delivery"];
                    owner: components["schemas"]["Ref"];
                    /** @description In the fields of its kind, see its page in the reference. Unknown fields are refused. Never a secret */
                    settings: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /**
                     * @description Mayfly's own login at the target, in the fields of the provider. Sealed, never shown again. None for kinds that sign
                     * @default {}
                     */
                    secret?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /** @description What policies may ask about beside the fixed fields; at most 32 */
                    attributes?: {
                        [key: string]: string | number | boolean;
                    };
                    /**
                     * @description After the first check that passes, Mayfly changes the password of its own login to one that only it knows: whoever else uses that login is locked out. Later it rotates it. false: it never does
                     * @default true
                     */
                    adopt_login?: boolean;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resource"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `identity_owner_missing`: an identity needs an owner; `provider_unknown`: there is no such kind of provider; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tryResource: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    provider: string;
                    owner: components["schemas"]["Ref"];
                    /** @description In the fields of its kind, see its page in the reference. Unknown fields are refused. Never a secret */
                    settings: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /**
                     * @description Mayfly's own login at the target, in the fields of the provider. Sealed, never shown again. None for kinds that sign
                     * @default {}
                     */
                    secret?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    permission?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceTry"];
                };
            };
            /** @description `identity_owner_missing`: an identity needs an owner; `provider_unknown`: there is no such kind of provider; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getResource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resource"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateResource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reach?: components["schemas"]["Reach"];
                    data_class?: components["schemas"]["DataClass"];
                    exposure?: components["schemas"]["Exposure"];
                    delivery?: components["schemas"]["Delivery"];
                    owner?: components["schemas"]["Ref"];
                    /** @description In the fields of its kind, see its page in the reference. Unknown fields are refused. Never a secret */
                    settings?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /** @description Mayfly's own login at the target, in the fields of the provider. Sealed, never shown again. None for kinds that sign */
                    secret?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /** @description What policies may ask about beside the fixed fields; at most 32 */
                    attributes?: {
                        [key: string]: string | number | boolean;
                    };
                    /** @description After the first check that passes, Mayfly changes the password of its own login to one that only it knows: whoever else uses that login is locked out. Later it rotates it. false: it never does */
                    adopt_login?: boolean;
                    /** @description States that the new address leads to the same target. Recorded */
                    same_target?: boolean;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resource"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `identity_owner_missing`: an identity needs an owner; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read; `secret_required`: the secret must be entered again for this change */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `still_in_use`: something still depends on it; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    checkResource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resource"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `settings_invalid`: the settings do not fit this kind */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotateLogin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resource"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `settings_invalid`: the settings do not fit this kind */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `target_unsafe`: the target is set up so that revocation would not hold */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `target_refused`: the target refused; `target_rights_missing`: the login at the target lacks a right; `target_unreachable`: the target did not answer */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `target_timeout`: the target answered too late */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotateSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @default false */
                    leaked?: boolean;
                    /** @default false */
                    end_now?: boolean;
                    /** @description Why; recorded with the revocation */
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resource"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read; `settings_invalid`: the settings do not fit this kind */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `target_unsafe`: the target is set up so that revocation would not hold */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `target_refused`: the target refused; `target_rights_missing`: the login at the target lacks a right; `target_unreachable`: the target did not answer */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `target_timeout`: the target answered too late */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireResource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Why; recorded with the revocation */
                    reason?: string;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resource"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRoles: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                resource?: components["schemas"]["Ref"];
                state?: "active" | "retired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Role"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerRole: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    resource: components["schemas"]["Ref"];
                    /**
                     * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
                     * @example orders-api
                     */
                    name: string;
                    /**
                     * @description In the closed words of the provider: never statements
                     * @example {
                     *       "member_of": [
                     *         "readers"
                     *       ]
                     *     }
                     */
                    permission?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /** @description What the holder may choose, each from a list */
                    parameters?: {
                        [key: string]: {
                            one_of: string[];
                        };
                    };
                    max_ttl_seconds?: number | null;
                    max_live_per_identity?: number;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use; `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id, or `resource/role` with the slash written as `%2F` */
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id, or `resource/role` with the slash written as `%2F` */
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description In the closed words of the provider: never statements
                     * @example {
                     *       "member_of": [
                     *         "readers"
                     *       ]
                     *     }
                     */
                    permission?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /** @description What the holder may choose, each from a list */
                    parameters?: {
                        [key: string]: {
                            one_of: string[];
                        };
                    };
                    max_ttl_seconds?: number | null;
                    max_live_per_identity?: number;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id, or `resource/role` with the slash written as `%2F` */
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Why; recorded with the revocation */
                    reason?: string;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTrustProviders: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                kind?: "oidc" | "kubernetes" | "spiffe" | "x509" | "bound_key" | "host_agent" | "sign_in" | "join_token";
                state?: "active" | "retired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["TrustProvider"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerTrustProvider: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
                     * @example orders-api
                     */
                    name: string;
                    /** @enum {string} */
                    kind: "oidc" | "kubernetes" | "spiffe" | "x509" | "bound_key" | "host_agent" | "sign_in" | "join_token";
                    /**
                     * @description In the fields of its kind, see its page in the reference. Unknown fields are refused. Never a secret
                     * @default {}
                     */
                    settings?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /**
                     * @description How much a proof is worth, weakest first
                     * @enum {string}
                     */
                    strength?: "bootstrap" | "bound_key" | "platform" | "hardware";
                    /** @description How long a proof counts; then it is proven again, or what it gave ends */
                    fresh_for_seconds?: number;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrustProvider"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTrustProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrustProvider"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateTrustProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description In the fields of its kind, see its page in the reference. Unknown fields are refused. Never a secret */
                    settings?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /**
                     * @description How much a proof is worth, weakest first
                     * @enum {string}
                     */
                    strength?: "bootstrap" | "bound_key" | "platform" | "hardware";
                    /** @description How long a proof counts; then it is proven again, or what it gave ends */
                    fresh_for_seconds?: number;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrustProvider"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use; `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setClientSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    client_secret: string;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        trust_provider: string;
                    } & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireTrustProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Why; recorded with the revocation */
                    reason?: string;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrustProvider"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_locks_out_administrators`: no administrator could act any more; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listBindings: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                trust_provider?: components["schemas"]["Ref"];
                identity?: components["schemas"]["Ref"];
                person?: components["schemas"]["Ref"];
                state?: "active" | "retired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Binding"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerBinding: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    trust_provider: components["schemas"]["Ref"];
                    identity?: components["schemas"]["Ref"];
                    person?: components["schemas"]["Ref"];
                    /** @description What the proof says of itself, exactly. For a bound key: its thumbprint (RFC 7638), derived */
                    subject?: string;
                    /** @description Further claims, each exactly equal; all must hold. No patterns */
                    claims?: {
                        [key: string]: string | number | boolean;
                    };
                    /** @description A public key (RFC 7517). A private one is refused: it was shown, make a new one */
                    public_jwk?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use; `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBinding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateBinding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description What the proof says of itself, exactly. For a bound key: its thumbprint (RFC 7638), derived */
                    subject?: string;
                    /** @description Further claims, each exactly equal; all must hold. No patterns */
                    claims?: {
                        [key: string]: string | number | boolean;
                    };
                    /** @description A public key (RFC 7517). A private one is refused: it was shown, make a new one */
                    public_jwk?: {
                        [key: string]: components["schemas"]["JsonValue"];
                    };
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use; `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireBinding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_locks_out_administrators`: no administrator could act any more; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recoverBinding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                    /**
                     * @description Also let the suspended identity act again
                     * @default false
                     */
                    resume?: boolean;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportOfflineBundle: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOfflineBundleKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfflineBundleKeys"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOfflineSites: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                state?: "active" | "retired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["OfflineSite"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerOfflineSite: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description 1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice
                     * @example orders-api
                     */
                    name: string;
                    origin: string;
                    /** @description C2SP verifier keys, as `GET /v1/offline-bundle/keys` of the other site shows them */
                    keys: string[];
                    /** @description How old what its bundles bring may be; older material judges nothing */
                    max_age_seconds?: number;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfflineSite"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOfflineSite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfflineSite"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateOfflineSite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description C2SP verifier keys, as `GET /v1/offline-bundle/keys` of the other site shows them */
                    keys?: string[];
                    /** @description How old what its bundles bring may be; older material judges nothing */
                    max_age_seconds?: number;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfflineSite"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this; `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireOfflineSite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Why; recorded with the revocation */
                    reason?: string;
                    /** @description Moves on with each change. Given with a change: refuse where it is another by now */
                    version?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfflineSite"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    importOfflineBundle: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: components["schemas"]["Ref"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The file, as it is */
                    bundle: string;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfflineSite"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `bundle_malformed`: the offline bundle cannot be read; `bundle_untrusted`: the offline bundle is not signed by a key that is believed; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `bundle_outdated`: the offline bundle is older than allowed; `bundle_superseded`: a newer offline bundle was imported before; `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    planManifest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    manifest: components["schemas"]["Manifest"];
                    /** @default false */
                    list_unlisted?: boolean;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanWithUnlisted"];
                };
            };
            /** @description `manifest_invalid`: the manifest is not usable; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    applyManifest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    manifest: components["schemas"]["Manifest"];
                    plan_digest?: string;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `manifest_invalid`: the manifest is not usable; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `plan_changed`: applying would do something else than the plan showed */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTasks: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                identity?: components["schemas"]["Ref"];
                state?: "active" | "completed" | "failed" | "expired" | "revoked";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Task"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    declareTask: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The identity that will do it */
                    identity: components["schemas"]["Ref"];
                    /**
                     * @description `running_instance`: of a service, declared by itself, at most 24 h, ends when its proof lapses
                     * @default declared
                     * @enum {string}
                     */
                    kind?: "declared" | "running_instance";
                    /** @example nightly settlement of 2026-11-21 */
                    purpose: string;
                    /**
                     * @example [
                     *       "orders-db/readonly"
                     *     ]
                     */
                    roles: components["schemas"]["Ref"][];
                    deadline: components["schemas"]["Timestamp"];
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    completeTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description What came of it, for people */
                    note?: string;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndedTask"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `task_not_active`: the task is not active */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    failTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description What came of it, for people */
                    note?: string;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndedTask"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `task_not_active`: the task is not active */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listCredentials: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                identity?: components["schemas"]["Ref"];
                task_id?: string;
                environment?: "development" | "staging" | "production";
                state?: "requested" | "active" | "revoking" | "revoked" | "abandoned";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Credential"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    issueCredential: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same as `idempotency_key` of the body */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example orders-db/readonly */
                    role: components["schemas"]["Ref"];
                    /**
                     * Format: uuid
                     * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                     */
                    task_id?: string;
                    /** @description The life asked for, in seconds; what is granted may be shorter */
                    ttl_seconds?: number;
                    parameters?: {
                        [key: string]: string;
                    };
                    /** @description A key of the holder, who keeps its private half; in a form that the kind of the resource takes. What is issued then opens nothing without it */
                    public_key?: string;
                    /** @description The same key with the same request gives the same credential, without its secret */
                    idempotency_key?: string;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedCredential"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `credential_overtaken`: it was revoked while it was being issued; `idempotency_key_reused`: the idempotency key was used for another request; `target_unsafe`: the target is set up so that revocation would not hold */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `credential_limit_reached`: too many live credentials of this identity and role; `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `target_refused`: the target refused; `target_rights_missing`: the login at the target lacks a right; `target_unreachable`: the target did not answer */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `issuance_paused`: nothing is issued until the audit log has caught up; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `target_timeout`: the target answered too late */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    renewCredential: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The life asked for, in seconds; what is granted may be shorter */
                    ttl_seconds?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credential"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `credential_not_renewable`: the credential cannot be renewed; `credential_overtaken`: it was revoked while it was being issued */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `target_refused`: the target refused; `target_rights_missing`: the login at the target lacks a right; `target_unreachable`: the target did not answer */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `target_timeout`: the target answered too late */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCredential: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credential"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    previewRevocation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    selector: components["schemas"]["Selector"];
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevocationPreview"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRevocations: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                state?: "running" | "complete";
                cause?: "expired" | "task_completed" | "task_failed" | "task_expired" | "attestation_lapsed" | "identity_expired" | "identity_suspended" | "identity_retired" | "owner_departed" | "no_longer_permitted" | "policy_violation" | "anomaly" | "rotation" | "scale_down" | "issue_failed" | "issue_interrupted" | "requested_by_holder" | "requested_by_operator" | "resource_retired" | "role_retired" | "trust_provider_retired" | "clone_detected" | "session_ended" | "person_left" | "key_compromised";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Revocation"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requestRevocation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    selector: components["schemas"]["Selector"];
                    /** @description Why, for people; goes into the log */
                    reason?: string;
                    /**
                     * @description What set it off, where no person did
                     * @enum {string}
                     */
                    cause?: "anomaly" | "policy_violation" | "rotation" | "scale_down";
                    /** @description The `total` that the preview showed: nothing ends if it would be more */
                    expected_total?: number;
                };
            };
        };
        responses: {
            /** @description done */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revocation"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `preview_changed`: more would end than the preview showed; `revocation_held`: it would end most of an environment, so a person must request it */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRevocation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevocationDetail"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followRevocation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description events; the schema is that of `data` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Revocation"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRevocationReceipt: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevocationReceipt"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFindings: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                state?: "open" | "closed";
                kind?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Finding"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPolicies: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["PolicyVersion"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    draftPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Cedar policies; each with an `@id` of its own */
                    text: string;
                    note?: string;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * Format: uuid
                         * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                         */
                        policy_version_id: string;
                        number: number;
                        /** @enum {string} */
                        state: "draft" | "active" | "superseded";
                        /** @description SHA-256 of the text, base64 */
                        digest: string;
                        note: string;
                        created_at: components["schemas"]["Timestamp"];
                        activated_at: components["schemas"]["Timestamp"] | null;
                        warnings: components["schemas"]["PolicyFault"][];
                    } & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `policy_invalid`: the policy text is not valid; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyVersionWithText"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    previewPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyPreview"];
                };
            };
            /** @description `policy_invalid`: the policy text is not valid; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    activatePolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The `would_end` of a preview; if more would end now, nothing is activated */
                    expected_to_end?: number;
                    /** @description The `would_end_svids` of a preview, in the same way */
                    expected_svids_to_end?: number;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyVersion"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `policy_invalid`: the policy text is not valid; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_locks_out_administrators`: no administrator could act any more; `preview_changed`: more would end than the preview showed; `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    testPolicies: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    cases: {
                        name: string;
                        principal: {
                            person: string;
                            /** @default [] */
                            roles?: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
                            /** @default [] */
                            answers_for?: string[];
                            /** @default [] */
                            member_of?: string[];
                        } | {
                            identity: string;
                            /**
                             * @default job
                             * @enum {string}
                             */
                            kind?: "service" | "job" | "pipeline" | "agent" | "service_account" | "device" | "third_party";
                            /**
                             * @default development
                             * @enum {string}
                             */
                            environment?: "development" | "staging" | "production";
                            /** @default a-team */
                            owner?: string;
                            /** @default {} */
                            attributes?: {
                                [key: string]: string;
                            };
                        };
                        /** @enum {string} */
                        action: "token.issue" | "token.introspect" | "token.exchange" | "task.declare" | "task.read" | "task.end" | "credential.issue" | "credential.renew" | "credential.read" | "revocation.request" | "revocation.read" | "svid.issue" | "svid.read" | "bundle.read" | "federation.read" | "federation.write" | "registry.read" | "registry.apply" | "person.write" | "owner.write" | "identity.write" | "resource.write" | "resource.check" | "role.write" | "trust_provider.write" | "binding.write" | "host.attest" | "session.read" | "attestation.read" | "bundle.export" | "bundle.import" | "offline_site.write" | "policy.read" | "policy.write" | "policy.activate" | "decision.read" | "audit.read" | "key.read" | "key.rotate" | "finding.read" | "finding.write";
                        resource: "tenant" | {
                            role: string;
                            /**
                             * @default development
                             * @enum {string}
                             */
                            environment?: "development" | "staging" | "production";
                            /**
                             * @default data
                             * @enum {string}
                             */
                            reach?: "data" | "admin" | "deploy";
                            /**
                             * @default internal
                             * @enum {string}
                             */
                            data_class?: "public" | "internal" | "confidential" | "restricted";
                            /**
                             * @default internal
                             * @enum {string}
                             */
                            exposure?: "internal" | "partner" | "internet";
                            /**
                             * @default direct
                             * @enum {string}
                             */
                            delivery?: "direct" | "gateway";
                            /** @default postgres */
                            provider?: string;
                            /**
                             * @default [
                             *       "none"
                             *     ]
                             */
                            offered_bindings?: ("key" | "address" | "none")[];
                            /** @default a-team */
                            owner?: string;
                            /** @default {} */
                            attributes?: {
                                [key: string]: string;
                            };
                        } | {
                            resource: string;
                            /**
                             * @default development
                             * @enum {string}
                             */
                            environment?: "development" | "staging" | "production";
                            /**
                             * @default data
                             * @enum {string}
                             */
                            reach?: "data" | "admin" | "deploy";
                            /**
                             * @default internal
                             * @enum {string}
                             */
                            data_class?: "public" | "internal" | "confidential" | "restricted";
                            /**
                             * @default internal
                             * @enum {string}
                             */
                            exposure?: "internal" | "partner" | "internet";
                            /**
                             * @default direct
                             * @enum {string}
                             */
                            delivery?: "direct" | "gateway";
                            /** @default postgres */
                            provider?: string;
                            /**
                             * @default [
                             *       "none"
                             *     ]
                             */
                            offered_bindings?: ("key" | "address" | "none")[];
                            /** @default a-team */
                            owner?: string;
                            /** @default {} */
                            attributes?: {
                                [key: string]: string;
                            };
                        } | {
                            identity: string;
                            /**
                             * @default job
                             * @enum {string}
                             */
                            kind?: "service" | "job" | "pipeline" | "agent" | "service_account" | "device" | "third_party";
                            /**
                             * @default development
                             * @enum {string}
                             */
                            environment?: "development" | "staging" | "production";
                            /** @default a-team */
                            owner?: string;
                            /** @default {} */
                            attributes?: {
                                [key: string]: string;
                            };
                        } | {
                            owner: string;
                        } | {
                            trust_provider: string;
                        } | {
                            task_of: {
                                identity: string;
                                /**
                                 * @default job
                                 * @enum {string}
                                 */
                                kind?: "service" | "job" | "pipeline" | "agent" | "service_account" | "device" | "third_party";
                                /**
                                 * @default development
                                 * @enum {string}
                                 */
                                environment?: "development" | "staging" | "production";
                                /** @default a-team */
                                owner?: string;
                                /** @default {} */
                                attributes?: {
                                    [key: string]: string;
                                };
                            };
                            declared_by?: {
                                person: string;
                                /** @default [] */
                                roles?: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
                                /** @default [] */
                                answers_for?: string[];
                                /** @default [] */
                                member_of?: string[];
                            } | {
                                identity: string;
                                /**
                                 * @default job
                                 * @enum {string}
                                 */
                                kind?: "service" | "job" | "pipeline" | "agent" | "service_account" | "device" | "third_party";
                                /**
                                 * @default development
                                 * @enum {string}
                                 */
                                environment?: "development" | "staging" | "production";
                                /** @default a-team */
                                owner?: string;
                                /** @default {} */
                                attributes?: {
                                    [key: string]: string;
                                };
                            };
                        } | {
                            credential_of: {
                                identity: string;
                                /**
                                 * @default job
                                 * @enum {string}
                                 */
                                kind?: "service" | "job" | "pipeline" | "agent" | "service_account" | "device" | "third_party";
                                /**
                                 * @default development
                                 * @enum {string}
                                 */
                                environment?: "development" | "staging" | "production";
                                /** @default a-team */
                                owner?: string;
                                /** @default {} */
                                attributes?: {
                                    [key: string]: string;
                                };
                            };
                            role: string;
                        } | {
                            policy_version: string;
                        } | {
                            person: string;
                            /** @default [] */
                            roles?: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
                            /** @default [] */
                            answers_for?: string[];
                            /** @default [] */
                            member_of?: string[];
                        };
                        /** @default {} */
                        proof?: {
                            /**
                             * @default platform
                             * @enum {string}
                             */
                            strength?: "bootstrap" | "bound_key" | "platform" | "hardware";
                            /** @default 0 */
                            age_seconds?: number;
                            /** @default a-platform */
                            trust_provider?: string;
                            /**
                             * @default oidc
                             * @enum {string}
                             */
                            kind?: "oidc" | "kubernetes" | "spiffe" | "x509" | "bound_key" | "host_agent" | "sign_in" | "join_token";
                            /** @default {} */
                            claims?: {
                                [key: string]: string;
                            };
                            /**
                             * @default none
                             * @enum {string}
                             */
                            bound_to?: "key" | "certificate" | "none";
                            /** @default 0 */
                            trust_age_seconds?: number;
                        };
                        task?: {
                            /**
                             * @default declared
                             * @enum {string}
                             */
                            kind?: "declared" | "running_instance";
                            /** @default 3600 */
                            seconds_left?: number;
                            declared_by?: {
                                person: string;
                                /** @default [] */
                                roles?: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
                                /** @default [] */
                                answers_for?: string[];
                                /** @default [] */
                                member_of?: string[];
                            } | {
                                identity: string;
                                /**
                                 * @default job
                                 * @enum {string}
                                 */
                                kind?: "service" | "job" | "pipeline" | "agent" | "service_account" | "device" | "third_party";
                                /**
                                 * @default development
                                 * @enum {string}
                                 */
                                environment?: "development" | "staging" | "production";
                                /** @default a-team */
                                owner?: string;
                                /** @default {} */
                                attributes?: {
                                    [key: string]: string;
                                };
                            };
                        };
                        declares?: {
                            for?: {
                                identity: string;
                                /**
                                 * @default job
                                 * @enum {string}
                                 */
                                kind?: "service" | "job" | "pipeline" | "agent" | "service_account" | "device" | "third_party";
                                /**
                                 * @default development
                                 * @enum {string}
                                 */
                                environment?: "development" | "staging" | "production";
                                /** @default a-team */
                                owner?: string;
                                /** @default {} */
                                attributes?: {
                                    [key: string]: string;
                                };
                            };
                            /**
                             * @default declared
                             * @enum {string}
                             */
                            kind?: "declared" | "running_instance";
                            /** @default 3600 */
                            seconds?: number;
                        };
                        on_behalf_of?: {
                            person: string;
                            /** @default [] */
                            roles?: ("administrator" | "operator" | "approver" | "auditor" | "owner")[];
                            /** @default [] */
                            answers_for?: string[];
                            /** @default [] */
                            member_of?: string[];
                        } | {
                            identity: string;
                            /**
                             * @default job
                             * @enum {string}
                             */
                            kind?: "service" | "job" | "pipeline" | "agent" | "service_account" | "device" | "third_party";
                            /**
                             * @default development
                             * @enum {string}
                             */
                            environment?: "development" | "staging" | "production";
                            /** @default a-team */
                            owner?: string;
                            /** @default {} */
                            attributes?: {
                                [key: string]: string;
                            };
                        };
                        for_role?: {
                            role: string;
                            /**
                             * @default development
                             * @enum {string}
                             */
                            environment?: "development" | "staging" | "production";
                            /**
                             * @default data
                             * @enum {string}
                             */
                            reach?: "data" | "admin" | "deploy";
                            /**
                             * @default internal
                             * @enum {string}
                             */
                            data_class?: "public" | "internal" | "confidential" | "restricted";
                            /**
                             * @default internal
                             * @enum {string}
                             */
                            exposure?: "internal" | "partner" | "internet";
                            /**
                             * @default direct
                             * @enum {string}
                             */
                            delivery?: "direct" | "gateway";
                            /** @default postgres */
                            provider?: string;
                            /**
                             * @default [
                             *       "none"
                             *     ]
                             */
                            offered_bindings?: ("key" | "address" | "none")[];
                            /** @default a-team */
                            owner?: string;
                            /** @default {} */
                            attributes?: {
                                [key: string]: string;
                            };
                        };
                        ttl_seconds?: number;
                        /** @enum {string} */
                        binding?: "key" | "address" | "none";
                        source_address?: string;
                        /** Format: date-time */
                        now?: string;
                        expect: {
                            /** @enum {string} */
                            outcome: "permit" | "deny";
                            policy?: string;
                            reason?: string;
                            max_ttl_seconds?: number;
                        };
                    }[];
                    /** @description Cedar policies; each with an `@id` of its own */
                    text: string;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        passed: boolean;
                        results: {
                            name: string;
                            passed: boolean;
                            /** @enum {string} */
                            outcome: "permit" | "deny";
                            determining: string[];
                            reasons: components["schemas"]["DenyReason"][];
                            duties: components["schemas"]["Duties"] | null;
                            differences: string[];
                        }[];
                    };
                };
            };
            /** @description `policy_invalid`: the policy text is not valid; `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explainDecision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decision"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    issueX509Svid: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: uuid
                     * @description A proof that the caller vouched for as a host agent; absent: its own
                     * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                     */
                    attestation_id?: string;
                    /** @description SubjectPublicKeyInfo, DER, base64 */
                    public_key?: string;
                    /** @description PKCS #10, PEM or DER in base64: its key is certified, nothing else of it */
                    csr?: string;
                    /**
                     * @description Make the key here and send it once
                     * @constant
                     */
                    make_key?: true;
                    /** @description The life asked for; less where policy or the proof end earlier. Absent: an hour */
                    ttl_seconds?: number;
                    /** @description Of those that the attribute `dns_names` of the identity lists */
                    dns_names?: string[];
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["X509Svid"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside; `key_unusable`: a key cannot be used */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    issueJwtSvid: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: uuid
                     * @description A proof that the caller vouched for as a host agent; absent: its own
                     * @example 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f
                     */
                    attestation_id?: string;
                    audiences: string[];
                    /** @description The life asked for; less where policy or the proof end earlier. Absent: five minutes */
                    ttl_seconds?: number;
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JwtSvid"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_conflict`: it was changed by someone else in the meantime */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside; `key_unusable`: a key cannot be used */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSvids: {
        parameters: {
            query?: {
                /** @description How many items at most, 1 to 200 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
                identity?: string;
                kind?: "x509" | "jwt";
                /** @description `true`: neither ended nor revoked */
                live?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Svid"][];
                        next_cursor: string | null;
                    };
                };
            };
            /** @description `cursor_invalid`: the cursor does not belong to this list; `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTrustBundles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        trust_domain: string;
                        /** @description Its own first. Never merged: each is good for its own trust domain alone */
                        items: {
                            trust_domain: string;
                            bundle: components["schemas"]["TrustBundle"];
                        }[];
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTrustBundle: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name; `route_unknown`: there is no such route */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTenantTrustBundle: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name; `route_unknown`: there is no such route */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCrl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/pkix-crl": unknown;
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name; `route_unknown`: there is no such route */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTenantCrl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/pkix-crl": unknown;
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name; `route_unknown`: there is no such route */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listX509Authorities: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["X509Authority"][];
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotateX509Authority: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description The active one’s key is in wrong hands
                     * @default false
                     */
                    compromised?: boolean;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        authority: components["schemas"]["X509Authority"];
                        retired: components["schemas"]["X509Authority"] | null;
                    } & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requestX509Authority: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        authority: components["schemas"]["X509Authority"];
                        /** @description PKCS #10, PEM */
                        csr: string;
                    } & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    importX509Authority: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description PEM: ours first, then the path down to the root */
                    certificates: string;
                };
            };
        };
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        authority: components["schemas"]["X509Authority"];
                    } & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    abandonX509AuthorityRequest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        authority: components["schemas"]["X509Authority"];
                    } & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFederations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["FederationDetail"][];
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerFederation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    trust_domain: string;
                    /** @description https */
                    url: string;
                    /** @enum {string} */
                    profile: "https_web" | "https_spiffe";
                    endpoint_spiffe_id?: string;
                    ca_pem?: string;
                    /** @description A bundle that came another way, to begin with */
                    bundle?: {
                        [key: string]: unknown;
                    };
                };
            };
        };
        responses: {
            /** @description done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Federation"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid; `request_malformed`: the request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `name_taken`: the name is already in use; `state_not_allowed`: its present state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_too_large`: the request is larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `media_type_unsupported`: the media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getFederation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                trust_domain: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FederationDetail"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refreshFederation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                trust_domain: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FederationDetail"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireFederation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                trust_domain: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Federation"] & {
                        entry: components["schemas"]["Entry"] | null;
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTrace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: "credential" | "task" | "identity";
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraceNode"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEntryProof: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConsistencyProof: {
        parameters: {
            query: {
                from: number;
                to: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        hashes: string[];
                    };
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verifyState: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StateReport"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `resource_not_found`: there is nothing with this id or name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getLogKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogKeys"];
                };
            };
            /** @description `request_invalid`: a field of the request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_invalid`: the access token is not valid; `token_missing`: no access token was presented */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `policy_denied`: policy does not permit this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: something went wrong inside */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`: the database cannot be reached; `decision_engine_failed`: the policy engine failed, so nothing is permitted; `policy_missing`: no policy version is active */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
