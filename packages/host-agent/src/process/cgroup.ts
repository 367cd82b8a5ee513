/**
 * What the control group of a process tells: the systemd unit and the container that it runs in.
 *
 * A process may be allowed to make groups below its own (delegation), and name them as it likes. So what counts is the
 * outermost part that is no slice: only the system itself makes groups there.
 */
export interface CgroupFacts {
  /** e.g. `/system.slice/app.service`; undefined where it lies outside of what this agent sees. */
  readonly path: string | undefined
  readonly systemdUnit: string | undefined
  readonly containerId: string | undefined
}

const scopeOfContainer = /^(?:docker|cri-containerd|containerd|crio|libpod|nerdctl)-([0-9a-f]{64})\.scope$/
/** Container runtimes that do without systemd put containers into folders of their own below the root. */
const runtimeFolders = new Set(['docker', 'kubepods', 'libpod_parent', 'machine', 'containerd', 'actions_job'])
const maxPathChars = 900

/** @param text `/proc/PID/cgroup` (cgroups(7)): `0::<path>` for version 2, `<n>:name=systemd:<path>` for version 1 */
export function parseCgroup(text: string): CgroupFacts {
  const lines = text.split('\n').map((line) => /^(\d+):([^:]*):(\/.*)$/.exec(line))
  const pathOf = (wanted: (hierarchy: string, controllers: string) => boolean) =>
    lines.find((line) => line !== null && wanted(line[1] ?? '', line[2] ?? ''))?.[3]
  const unified = pathOf((hierarchy, controllers) => hierarchy === '0' && controllers === '')
  const named = pathOf((_, controllers) => controllers === 'name=systemd')
  // Both at once: systemd keeps its own hierarchy then, and the unified one may be empty.
  const path = unified === undefined || (unified === '/' && named !== undefined) ? named : unified
  const parts = (path ?? '').split('/').filter((part) => part !== '')
  const outside = path === undefined || parts.includes('..') || path.length > maxPathChars || path.includes('\\')
  if (outside) return { path: undefined, systemdUnit: undefined, containerId: undefined }
  const outermost = parts.find((part) => !part.endsWith('.slice'))
  const systemdUnit =
    outermost !== undefined && /\.(service|scope|socket|mount)$/.test(outermost) ? outermost : undefined
  return { path, systemdUnit, containerId: findContainer(parts, outermost) }
}

function findContainer(parts: readonly string[], outermost: string | undefined): string | undefined {
  if (outermost === undefined) return undefined
  const [, scoped] = scopeOfContainer.exec(outermost) ?? []
  if (scoped !== undefined) return scoped
  if (!runtimeFolders.has(outermost) || parts[0] !== outermost) return undefined
  return parts.find((part) => /^[0-9a-f]{64}$/.test(part))
}
