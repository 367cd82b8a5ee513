import { expect, test } from 'vitest'
import { parseClientList } from './client-list.ts'
import { parseShards, slotOf, tagFor } from './cluster-shards.ts'
import { parseFacts } from './node-facts.ts'

test('INFO tells who a node is, who belongs to it, and how often its ACL file was written', () => {
  const answeredAt = new Date(1_000_000)
  const facts = parseFacts(
    [
      '# Server',
      'redis_version:7.0.15',
      'run_id:abc',
      'uptime_in_seconds:11',
      '# Replication',
      'role:master',
      'slave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0',
      'slave1:ip=fd00::2,port=6380,state=wait_bgsave,offset=0,lag=0',
      'master_replid:xyz',
      '# Cluster',
      'cluster_enabled:0',
      'cmdstat_acl|save:calls=5,usec=1,usec_per_call=1.00,rejected_calls=0,failed_calls=2',
    ].join('\r\n'),
    answeredAt,
  )
  expect(facts).toEqual({
    version: '7.0.15',
    runId: 'abc',
    startedAt: new Date(990_000),
    isCluster: false,
    role: 'primary',
    replicationId: 'xyz',
    primary: undefined,
    replicas: [
      { host: '10.0.0.2', port: 6379 },
      { host: 'fd00::2', port: 6380 },
    ],
    aclSaves: 3,
  })
  const replica = parseFacts('role:slave\r\nmaster_host:db\r\nmaster_port:6379\r\nvalkey_version:8.1.0', answeredAt)
  expect(replica).toMatchObject({ role: 'replica', primary: { host: 'db', port: 6379 }, version: '8.1.0', aclSaves: 0 })
})

test('CLIENT LIST is read by its fields, whatever a client calls itself', () => {
  const lines = parseClientList(
    'id=3 addr=10.0.0.1:4711 laddr=x name=user=root age=5 user=mf_a redir=-1\n' +
      'id=4 addr=[::1]:4711 name= age=0 user=default\nid=5 addr=/run/redis.sock:0 name= age=1 user=x\n',
  )
  expect(lines).toEqual([
    { id: '3', user: 'mf_a', address: '10.0.0.1', ageSeconds: 5 },
    { id: '4', user: 'default', address: '::1', ageSeconds: 0 },
    { id: '5', user: 'x', address: undefined, ageSeconds: 1 },
  ])
})

test('keys of a cluster have the slots of its specification, and each slot has a tag', () => {
  // Redis cluster specification, appendix A: CRC16 of `123456789` is 0x31C3.
  expect(slotOf('123456789')).toBe(0x31c3)
  expect(slotOf('{user1000}.following')).toBe(slotOf('{user1000}.followers'))
  expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'))
  for (const slot of [0, 1, 8191, 8192, 16_383]) expect(slotOf(`mayfly:guard:1:{${tagFor(slot)}}`)).toBe(slot)
})

test('CLUSTER SHARDS tells nodes, roles and slots', () => {
  const node = (...fields: (string | number)[]) => fields
  const reply = [
    [
      'slots',
      [0, 8191],
      'nodes',
      [
        node('id', 'a', 'port', 7000, 'ip', '10.0.0.1', 'endpoint', '10.0.0.1', 'role', 'master', 'health', 'online'),
        node('id', 'b', 'port', 7001, 'ip', '', 'endpoint', '?', 'role', 'replica', 'health', 'fail'),
      ],
    ],
    ['slots', [], 'nodes', [node('id', 'c', 'tls-port', 7002, 'ip', '10.0.0.3', 'role', 'master', 'health', 'online')]],
  ]
  const self = { host: 'self.example', port: 1 }
  expect(parseShards(reply, self, false)).toEqual([
    {
      firstSlot: 0,
      nodes: [
        { address: { host: '10.0.0.1', port: 7000 }, role: 'primary', isOnline: true },
        { address: { host: 'self.example', port: 7001 }, role: 'replica', isOnline: false },
      ],
    },
    { firstSlot: undefined, nodes: [] },
  ])
  expect(parseShards(reply, self, true)[1]?.nodes).toEqual([
    { address: { host: '10.0.0.3', port: 7002 }, role: 'primary', isOnline: true },
  ])
})
