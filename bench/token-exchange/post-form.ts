import { type Agent, request } from 'node:http'

export interface FormAnswer {
  readonly status: number
  readonly text: string
}

export function postForm(
  agent: Agent,
  url: string,
  body: string,
  more: Readonly<Record<string, string>> = {},
): Promise<FormAnswer> {
  return new Promise((done, fail) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      ...more,
    }
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => done({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', fail)
    sent.end(body)
  })
}

export async function getToken(agent: Agent, url: string, form: Readonly<Record<string, string>>): Promise<string> {
  const { status, text } = await postForm(agent, `${url}/oauth/token`, new URLSearchParams(form).toString())
  const { access_token: token } = JSON.parse(text) as { access_token?: string }
  if (token === undefined) throw new Error(`answered ${status}: ${text.slice(0, 300)}`)
  return token
}
