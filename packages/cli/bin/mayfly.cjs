#!/usr/bin/env node
'use strict'
// Written in ES5, so that any Node can read it far enough to say what is wrong (decision 0001).
var version = process.versions.node
var major = Number(version.split('.')[0])
var minor = Number(version.split('.')[1])
var tooOld = major < 22 || (major === 22 && minor < 12)
// Node strips types by itself from these on; before, a flag turns it on.
var strips = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
var flag = '--experimental-strip-types'

if (tooOld) {
  process.stderr.write(
    'mayfly: error: Node ' +
      version +
      ' is too old, 22.12 or newer is needed (inside the repository, `npx mayfly` brings its own)\n',
  )
  process.exit(2)
} else if (strips || process.execArgv.indexOf(flag) >= 0) {
  // oxlint-disable-next-line import/no-unassigned-import
  require('./start.cjs')
} else {
  runAgainWithFlag()
}

function runAgainWithFlag() {
  var args = [flag, '--disable-warning=ExperimentalWarning', __filename].concat(process.argv.slice(2))
  var child = require('child_process').spawn(process.execPath, args, { stdio: 'inherit' })
  var passedOn = ['SIGTERM', 'SIGHUP', 'SIGUSR2']
  // A terminal sends its interrupts to the whole group: the child has them already.
  if (!process.stdin.isTTY) passedOn.push('SIGINT', 'SIGQUIT')
  ;['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'].forEach(function (signal) {
    process.on(signal, function () {
      if (passedOn.indexOf(signal) >= 0) child.kill(signal)
    })
  })
  child.on('error', function (error) {
    process.stderr.write('mayfly: error: ' + error.message + '\n')
    process.exit(1)
  })
  child.on('exit', function (code, signal) {
    process.exit(signal === null ? code : 128 + require('os').constants.signals[signal])
  })
}
