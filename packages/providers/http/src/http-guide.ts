/** What to prepare at the system, and a template to begin with; as text that can be run. */
export const httpGuide = `# At the system: make one account or token for Mayfly that may create, list and delete accounts or tokens, and nothing else.
# Then describe the calls. All of them are tried by \`mayfly resource check\`.
cat > resource.yaml <<'YAML'
version: 1
resources:
  - name: ci
    provider: http
    environment: production
    owner: platform
    reach: deploy
    data_class: internal
    exposure: internal
    settings:
      base_url: https://ci.example.com           # CHANGE
      auth: { kind: bearer }
      choices: { scope: [read, deploy] }         # what roles may choose; nothing else can be sent
      create:
        method: POST
        path: /api/tokens
        body: { label: '{account_name}', scope: '{permission.scope}', expires_in: '{expires_in_seconds}' }
        fields: { token: { pointer: /token } }   # what the holder gets
      find:                                      # how the account is seen: never taken on trust
        path: /api/tokens
        list: { items: /tokens, label: /label }
        handle: /id                              # the system's own id
      delete: { method: DELETE, path: '/api/tokens/{handle}' }
    secret: { value: { env: CI_ADMIN_TOKEN } }   # CHANGE
roles:
  - { resource: ci, name: deploy, permission: { values: { scope: deploy } }, max_ttl_seconds: 900 }
YAML
mayfly apply -f resource.yaml
`
