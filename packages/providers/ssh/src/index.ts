export { type SshPermission, sshPermission } from './ssh-permission.ts'
export { type SshTarget, sshProvider } from './ssh-provider.ts'
export { type SshSecret, sshSecret, type SshSettings, sshSettings } from './ssh-settings.ts'
