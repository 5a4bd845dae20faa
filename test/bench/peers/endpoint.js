// The endpoint by each way, in turns of a fraction of a second. Prints, for each round and each number of requests in
// flight, "rate reads|_writes IN-FLIGHT ROUND PLAIN ROWS ASIDE CACHED" (answers per second), and in the end
// "stale WAY READS STALE-READS ROWS STALE-ENTRIES" of a run over few rows with many writes.
'use strict'

const { connectPostgres, connectRedis, setting, now, report, run } = require('./common')
const { makeWays, staleInRedis, staleInCache } = require('./ways')

const ROWS = setting('PEER_ROWS', 20000)
const ROUNDS = setting('ROUNDS', 6)
const SECONDS = setting('PEER_SECONDS', 1)          // of each way in a round
const STALE_SECONDS = setting('STALE_SECONDS', 5)
const TURN = 0.1
const IN_FLIGHT = [1, 8]
const WRITES = 0.2
const HOT_ROWS = 100
const HOT_IN_FLIGHT = 16

const quantityOf = (text) => Number(/"quantity":(\d+)/.exec(text)[1])

// Keeps inFlight requests going for some seconds, each on a connection of its own. The tally counts answers, and reads that
// returned less than what had been acknowledged before they began.
async function serve (way, clients, inFlight, seconds, writes, rows, tally) {
  const end = now() + seconds
  const began = now()
  const worker = async (client) => {
    while (now() < end) {
      const id = 1 + Math.floor(Math.random() * rows)
      if (Math.random() < writes) {
        const after = await way.write(client, id)
        if (after > (way.acknowledged.get(id) || 0)) way.acknowledged.set(id, after)
      } else {
        const atLeast = way.acknowledged.get(id) || 0
        if (quantityOf(await way.read(client, id)) < atLeast) tally.stale++
        tally.reads++
      }
      tally.answers++
    }
  }
  await Promise.all(clients.slice(0, inFlight).map(worker))
  tally.seconds += now() - began
}

const newTally = () => ({ answers: 0, reads: 0, stale: 0, seconds: 0 })

async function round (ways, clients, inFlight, writes, number) {
  const names = ['plain', 'rows', 'aside', 'cached']
  const tallies = Object.fromEntries(names.map((name) => [name, newTally()]))
  const order = number % 2 ? names : [...names].reverse()
  for (let done = 0; done < SECONDS; done += TURN) {
    for (const name of order) await serve(ways[name], clients, inFlight, TURN, writes, ROWS, tallies[name])
  }
  report('rate', writes ? '_writes' : 'reads', inFlight, number, ...names.map((name) => tallies[name].answers / tallies[name].seconds))
  for (const name of ['plain', 'rows', 'cached']) {
    if (tallies[name].stale) throw new Error(`${tallies[name].stale} stale reads by the way "${name}"`)
  }
}

async function countStale (ways, clients, redis) {
  for (const name of ['plain', 'aside', 'cached']) {
    const tally = newTally()
    await serve(ways[name], clients, HOT_IN_FLIGHT, STALE_SECONDS, WRITES, HOT_ROWS, tally)
    const entries = { plain: async () => 0, aside: staleInRedis, cached: (client, _, n) => staleInCache(client, n) }
    report('stale', name, tally.reads, tally.stale, HOT_ROWS, await entries[name](clients[0], redis, HOT_ROWS))
  }
}

run(async () => {
  const redis = await connectRedis()
  const clients = await Promise.all(Array.from({ length: HOT_IN_FLIGHT }, connectPostgres))
  const ways = makeWays(redis)
  for (const way of Object.values(ways)) way.acknowledged = new Map()
  ways.rows.acknowledged = ways.plain.acknowledged             // they write the same table

  for (let id = 1; id <= ROWS; id++) {
    for (const name of ['aside', 'cached']) await ways[name].read(clients[0], id)
  }
  for (const inFlight of IN_FLIGHT) {
    for (let number = 1; number <= ROUNDS; number++) await round(ways, clients, inFlight, 0, number)
  }
  for (const inFlight of IN_FLIGHT) {
    for (let number = 1; number <= ROUNDS; number++) {
      await clients[0].query('vacuum peer.plain, peer.aside, peer.cached')
      await round(ways, clients, inFlight, WRITES, number)
    }
  }
  await countStale(ways, clients, redis)
  await Promise.all(clients.map((client) => client.end()))
  await redis.close()
})
