// Counts stale reads of a busy endpoint: several threads, as several application servers would be, each with connections of
// its own, over few rows with many writes. Prints "stale WAY READS STALE-READS ROWS STALE-ENTRIES".
//
// A read is stale if it returns less than what had been acknowledged, to anybody, before it began. What was acknowledged
// is in memory that all threads share.
'use strict'

const { Worker, isMainThread, parentPort, workerData } = require('worker_threads')
const { connectPostgres, connectRedis, setting, now, report, run } = require('./common')
const { makeWays, quantityOf, staleInRedis, staleInCache } = require('./ways')

const SECONDS = setting('STALE_SECONDS', 5)
const ROWS = 50
const THREADS = 4
const IN_FLIGHT = 4           // of each thread
const WRITES = 0.2

function acknowledge (acknowledged, id, quantity) {
  for (let before; (before = Atomics.load(acknowledged, id)) < quantity;) {
    Atomics.compareExchange(acknowledged, id, before, quantity)
  }
}

async function serve (way, client, acknowledged, tally) {
  for (const end = now() + SECONDS; now() < end;) {
    const id = 1 + Math.floor(Math.random() * ROWS)
    if (Math.random() < WRITES) {
      acknowledge(acknowledged, id, await way.write(client, id))
    } else {
      const atLeast = Atomics.load(acknowledged, id)
      if (quantityOf(await way.read(client, id)) < atLeast) tally.stale++
      tally.reads++
    }
  }
}

async function thread ({ name, acknowledged }) {
  const redis = await connectRedis()
  const clients = await Promise.all(Array.from({ length: IN_FLIGHT }, connectPostgres))
  const tally = { reads: 0, stale: 0 }
  await Promise.all(clients.map((client) => serve(makeWays(redis)[name], client, acknowledged, tally)))
  await Promise.all(clients.map((client) => client.end()))
  await redis.close()
  parentPort.postMessage(tally)
}

function startThread (name, acknowledged) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: { name, acknowledged } })
    worker.on('message', resolve)
    worker.on('error', reject)
  })
}

async function main () {
  const redis = await connectRedis()
  const client = await connectPostgres()
  const entries = {
    plain: async () => 0,
    aside: () => staleInRedis(client, redis, ROWS),
    cached: () => staleInCache(client, ROWS)
  }
  for (const name of Object.keys(entries)) {
    const acknowledged = new Int32Array(new SharedArrayBuffer(4 * (ROWS + 1)))
    const tallies = await Promise.all(Array.from({ length: THREADS }, () => startThread(name, acknowledged)))
    const sum = (field) => tallies.reduce((total, tally) => total + tally[field], 0)
    report('stale', name, sum('reads'), sum('stale'), ROWS, await entries[name]())
  }
  await client.end()
  await redis.close()
}

run(isMainThread ? main : () => thread(workerData))
