// What the programs of this folder share. PostgreSQL is where PGHOST and its kin say, Redis at REDIS_SOCKET.
'use strict'

const pg = require('pg')
const redis = require('redis')

// JSON goes to the caller as the text that it is: parsing it to make the same text again is what no endpoint needs.
pg.types.setTypeParser(pg.types.builtins.JSON, (text) => text)

async function connectPostgres () {
  const client = new pg.Client()
  await client.connect()
  return client
}

async function connectRedis () {
  const client = redis.createClient({ socket: { path: process.env.REDIS_SOCKET } })
  client.on('error', (error) => { throw error })
  await client.connect()
  return client
}

// A prepared statement, known by its name on each connection.
const statement = (name, text) => (client, ...values) => client.query({ name, text, values })

const setting = (name, fallback) => process.env[name] ? Number(process.env[name]) : fallback

const now = () => Number(process.hrtime.bigint()) / 1e9

// A line for the shell that called us.
const report = (...fields) => process.stdout.write(fields.join('\t') + '\n')

function run (main) {
  main().catch((error) => {
    console.error(error)
    process.exit(1)
  })
}

module.exports = { connectPostgres, connectRedis, statement, setting, now, report, run }
