// Loaded before a command, so that its clock goes with that of a server whose clock was moved (site-process.ts).
const offsetMs = Number(process.env['FORWARD_SECONDS'] ?? 0) * 1000
const TrueDate = Date
globalThis.Date = class extends TrueDate {
  constructor(...given) {
    if (given.length === 0) super(TrueDate.now() + offsetMs)
    else super(...given)
  }
  static now() {
    return TrueDate.now() + offsetMs
  }
}
