/** The providers of this build; a new one is a line here. */
import { httpProvider } from '@mayfly/provider-http'
import { jwtProvider } from '@mayfly/provider-jwt'
import { mysqlProvider } from '@mayfly/provider-mysql'
import { natsProvider } from '@mayfly/provider-nats'
import { postgresProvider } from '@mayfly/provider-postgres'
import { rabbitmqProvider } from '@mayfly/provider-rabbitmq'
import { redisProvider } from '@mayfly/provider-redis'
import { sshProvider } from '@mayfly/provider-ssh'
import { staticProvider } from '@mayfly/provider-static'
import { x509Provider } from '@mayfly/provider-x509'
import type { FormProvider } from './provider-forms.ts'

export const ownProviders: readonly FormProvider[] = [
  httpProvider,
  jwtProvider,
  mysqlProvider,
  natsProvider,
  postgresProvider,
  rabbitmqProvider,
  redisProvider,
  sshProvider,
  staticProvider([httpProvider, mysqlProvider, postgresProvider, rabbitmqProvider, redisProvider]),
  x509Provider,
]
