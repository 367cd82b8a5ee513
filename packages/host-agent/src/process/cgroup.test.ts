import { expect, test } from 'vitest'
import { parseCgroup } from './cgroup.ts'

const id = 'ab'.repeat(32)
const unified = (path: string) => parseCgroup(`0::${path}\n`)

test.each([
  ['/system.slice/app.service', 'app.service', undefined],
  ['/system.slice/app.service/worker', 'app.service', undefined],
  ['/system.slice/system-app.slice/app@1.service', 'app@1.service', undefined],
  [`/system.slice/docker-${id}.scope`, `docker-${id}.scope`, id],
  [`/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope`, `cri-containerd-${id}.scope`, id],
  [`/docker/${id}`, undefined, id],
  [`/kubepods/burstable/pod1/${id}`, undefined, id],
  ['/', undefined, undefined],
])('%s is in unit %s and container %s', (path, systemdUnit, containerId) => {
  expect(unified(path)).toEqual({ path, systemdUnit, containerId })
})

test('what a user names in groups of their own counts for nothing', () => {
  const own = '/user.slice/user-1000.slice/user@1000.service'
  expect(unified(`${own}/app.slice/payroll.service`).systemdUnit).toBe('user@1000.service')
  expect(unified(`${own}/docker-${id}.scope`).containerId).toBeUndefined()
  expect(unified(`/system.slice/app.service/docker/${id}`)).toMatchObject({
    systemdUnit: 'app.service',
    containerId: undefined,
  })
  expect(unified(`/system.slice/app.service/payroll.service`).systemdUnit).toBe('app.service')
})

test('version 1 is read from the hierarchy of systemd', () => {
  expect(parseCgroup('9:memory:/x\n1:name=systemd:/system.slice/app.service\n0::/\n').systemdUnit).toBe('app.service')
})

test('a group outside of what the agent sees is no group', () => {
  const nothing = { path: undefined, systemdUnit: undefined, containerId: undefined }
  expect(unified('/../system.slice/app.service')).toEqual(nothing)
  expect(parseCgroup('')).toEqual(nothing)
})
