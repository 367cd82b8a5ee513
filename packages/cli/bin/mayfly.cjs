#!/usr/bin/env node
'use strict'
// Written in ES5 so that any Node can read it far enough to say what is wrong.
var have = process.versions.node.split('.')
if (Number(have[0]) < 22 || (Number(have[0]) === 22 && Number(have[1]) < 18)) {
  console.error(
    'mayfly: error: Node ' +
      process.versions.node +
      ' is too old, 22.18 or newer is needed (inside the repository, `npx mayfly` brings its own)',
  )
  process.exit(2)
}
import('../src/main.ts').catch(function (error) {
  console.error(error)
  process.exit(1)
})
