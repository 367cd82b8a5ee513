'use strict'
// Apart from mayfly.cjs, because a Node from before dynamic imports cannot even read this line.
import('../src/main.ts').then(
  function (main) {
    return main.main()
  },
  function (error) {
    process.stderr.write('mayfly: error: ' + (error && error.stack ? error.stack : error) + '\n')
    process.exitCode = 1
  },
)
