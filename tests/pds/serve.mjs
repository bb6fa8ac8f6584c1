// A server of the AT Protocol (the reference PDS) and a directory of identities (PLC, in memory), on loopback.
//
//   node serve.mjs [--account handle:password]... [--data DIR] [--pds-port N] [--plc-port N]
//                  [--blob-limit BYTES] [--rate-limits] [--owner PID]
//
// One line of JSON on stdout says where both are. They stop at SIGTERM or SIGINT, and when the process --owner is gone.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values: given } = parseArgs({
  options: {
    account: { type: 'string', multiple: true, default: [] },
    data: { type: 'string' },
    'pds-port': { type: 'string', default: '0' },
    'plc-port': { type: 'string', default: '0' },
    'blob-limit': { type: 'string', default: '52428800' },
    'rate-limits': { type: 'boolean', default: false },
    owner: { type: 'string' },
  },
})

process.env.LOG_ENABLED ??= 'false' // read by the imports below
const { default: plcPackage } = await import('@did-plc/server')
const { PDS, envToCfg, envToSecrets } = await import('@atproto/pds')

const HOST = '127.0.0.1'

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, HOST, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

// Both listen on every interface unless told otherwise.
const keepOnLoopback = (app) => {
  const listen = app.listen.bind(app)
  app.listen = (port) => listen(port, HOST)
}

const startDirectory = async () => {
  const port = Number(given['plc-port']) || (await freePort())
  const server = plcPackage.PlcServer.create({ db: plcPackage.Database.mock(), port })
  keepOnLoopback(server.app)
  await server.start()
  return { server, url: `http://localhost:${port}` }
}

// The keys stay in the data folder, so that sessions outlive a restart on it, and tests can make tokens.
const keysIn = (data) => {
  const file = join(data, 'secrets.json')
  if (!existsSync(file)) {
    const key = (bytes) => randomBytes(bytes).toString('hex')
    writeFileSync(file, JSON.stringify({ jwt: key(16), admin: key(16), rotation: key(32) }), { mode: 0o600 })
  }
  return JSON.parse(readFileSync(file, 'utf8'))
}

const startPds = async (data, plcUrl) => {
  const port = Number(given['pds-port']) || (await freePort())
  const keys = keysIn(data)
  const settings = {
    devMode: true, // plain HTTP and localhost are fine
    port,
    hostname: 'localhost',
    dataDirectory: data,
    blobstoreDiskLocation: join(data, 'blobs'),
    blobUploadLimit: Number(given['blob-limit']),
    didPlcUrl: plcUrl,
    serviceHandleDomains: ['.test'],
    inviteRequired: false,
    disableSsrfProtection: true, // or it would not fetch from loopback
    rateLimitsEnabled: given['rate-limits'],
    jwtSecret: keys.jwt,
    adminPassword: keys.admin,
    plcRotationKeyK256PrivateKeyHex: keys.rotation,
  }
  const server = await PDS.create(envToCfg(settings), envToSecrets(settings))
  keepOnLoopback(server.app)
  await server.start()
  return { server, url: `http://localhost:${port}` }
}

const makeAccount = async (pdsUrl, text) => {
  const [handle, password] = text.split(':')
  const answer = await fetch(`${pdsUrl}/xrpc/com.atproto.server.createAccount`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ handle, password, email: `${handle}@example.com` }),
  })
  const body = await answer.json()
  if (!answer.ok) throw new Error(`${handle}: ${JSON.stringify(body)}`)
  return { handle, password, did: body.did, accessJwt: body.accessJwt, refreshJwt: body.refreshJwt }
}

const data = given.data ?? mkdtempSync(join(tmpdir(), 'atdata-pds-'))
mkdirSync(join(data, 'blobs'), { recursive: true })
const plc = await startDirectory()
const pds = await startPds(data, plc.url)

let stopping = false
const stop = async (status = 0) => {
  if (stopping) return
  stopping = true
  await pds.server.destroy()
  await plc.server.destroy()
  if (!given.data) rmSync(data, { recursive: true, force: true })
  process.exit(status)
}
process.on('SIGTERM', () => stop())
process.on('SIGINT', () => stop())
if (given.owner) {
  setInterval(() => {
    try {
      process.kill(Number(given.owner), 0)
    } catch {
      stop()
    }
  }, 500).unref()
}

try {
  const accounts = []
  for (const text of given.account) accounts.push(await makeAccount(pds.url, text))
  console.log(JSON.stringify({ pds: pds.url, plc: plc.url, pid: process.pid, data, accounts }))
} catch (error) {
  console.error(String(error))
  await stop(1)
}
